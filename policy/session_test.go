package policy

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

func TestSessionPostgres(t *testing.T) {
	db := postgres(t)
	s := db.session(t)
	if !regexp.MustCompile(`^pg-\d{10,}-[1-9]\d*-\d+$`).MatchString(s.Namespace) || s.NoNamespace != "" {
		t.Errorf("namespace %q, %q", s.Namespace, s.NoNamespace)
	}
	if !regexp.MustCompile(`^\d+@\d+\.\d+$`).MatchString(s.Backend) {
		t.Errorf("backend %q", s.Backend)
	}
	if s.Replica || s.NoCache != "" {
		t.Errorf("%+v", s)
	}
	t.Run("other drivers and connections are the same to the database", func(t *testing.T) {
		for _, driver := range []string{"postgres", "pgx"} {
			other := db.again(t, driver).session(t)
			if other.Namespace != s.Namespace || other.Fingerprint != s.Fingerprint || other.Backend == s.Backend {
				t.Errorf("%s: %+v, want %+v", driver, other, s)
			}
		}
	})
	t.Run("another database is another namespace", func(t *testing.T) {
		if other := postgres(t).session(t); other.Namespace == s.Namespace || other.Namespace == "" {
			t.Errorf("namespace %q", other.Namespace)
		}
	})
}

func TestE3SettingsChangeTheFingerprint(t *testing.T) {
	db := postgres(t, `CREATE SCHEMA other`, `CREATE ROLE moneyclip_test_role`)
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), `DROP ROLE moneyclip_test_role`); err != nil {
			t.Error(err)
		}
	})
	before := db.session(t)
	seen := map[[16]byte]string{before.Fingerprint: "the default"}
	for _, setting := range []string{
		`ROLE moneyclip_test_role`, `SESSION AUTHORIZATION moneyclip_test_role`, `search_path = other, public`, `TimeZone = 'Asia/Tokyo'`,
		`DateStyle = 'German'`, `IntervalStyle = 'iso_8601'`, `bytea_output = 'escape'`, `extra_float_digits = 0`, `xmloption = document`,
		`xmlbinary = hex`, `row_security = off`, `transform_null_equals = on`, `array_nulls = off`, `quote_all_identifiers = on`,
		`default_text_search_config = 'simple'`, `standard_conforming_strings = off`,
	} {
		db.exec(t, `SET `+setting)
		s := db.session(t)
		if other, same := seen[s.Fingerprint]; same {
			t.Errorf("%s has the fingerprint of %s", setting, other)
		}
		seen[s.Fingerprint] = setting
		if s.Namespace != before.Namespace && !strings.Contains(setting, "role") {
			t.Errorf("%s: namespace %q", setting, s.Namespace)
		}
		if name, _, set := strings.Cut(setting, " = "); set {
			db.exec(t, `RESET `+name)
		} else {
			db.exec(t, `RESET SESSION AUTHORIZATION`, `RESET ROLE`)
		}
	}
	db.exec(t, `SET application_name = 'other'`, `SET work_mem = '8MB'`, `DISCARD ALL`)
	if s := db.again(t, "postgres").session(t); s.Fingerprint != before.Fingerprint {
		t.Error("a new session has another fingerprint")
	}
}

func TestHarmlessSettingsKeepTheFingerprint(t *testing.T) {
	db := postgres(t)
	before := db.session(t)
	db.exec(t, `SET application_name = 'other'`, `SET work_mem = '8MB'`, `SET statement_timeout = 1000`)
	if db.session(t).Fingerprint != before.Fingerprint {
		t.Error("another fingerprint")
	}
}

func TestTemporaryTablesChangeTheFingerprint(t *testing.T) {
	db := postgres(t)
	before := db.session(t)
	db.exec(t, `CREATE TEMP TABLE x (id int)`)
	if db.session(t).Fingerprint == before.Fingerprint {
		t.Error("the same fingerprint")
	}
}

func TestSessionsThatAreNotCachedPostgres(t *testing.T) {
	db := postgres(t)
	db.exec(t, `SET standard_conforming_strings = off`)
	if s := db.session(t); s.NoCache == "" {
		t.Error("standard_conforming_strings off is cached")
	}
	db.exec(t, `RESET ALL`, `SET default_transaction_read_only = on`)
	if s := db.session(t); !s.Replica || s.NoCache != "" {
		t.Errorf("a read-only session: %+v", s)
	}
	pgx := db.again(t, "pgx")
	pgx.exec(t, `SET client_encoding = LATIN1`)
	if s := pgx.session(t); s.NoCache == "" {
		t.Error("client_encoding LATIN1 is cached")
	}
}

// Without permission to ask who the server is, the rest is known, and the
// connection can be used.
func TestServerThatDoesNotTellItsIdentity(t *testing.T) {
	db := postgres(t, `REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`, `CREATE ROLE moneyclip_test_plain LOGIN`)
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), `DROP ROLE moneyclip_test_plain`); err != nil {
			t.Error(err)
		}
	})
	dsn, err := url.Parse(db.dsn)
	if err != nil {
		t.Fatal(err)
	}
	dsn.User = url.User("moneyclip_test_plain")
	for _, driver := range []string{"postgres", "pgx"} {
		plain := open(t, parse.PostgreSQL, driver, dsn.String())
		s := plain.session(t)
		if s.Namespace != "" || !strings.Contains(s.NoNamespace, "permission denied") || s.Backend == "" || s.NoCache != "" {
			t.Errorf("%s: %+v", driver, s)
		}
		plain.exec(t, `SELECT 1`)
	}
}

func TestGoneOnceTheServersSessionEnded(t *testing.T) {
	db := postgres(t)
	q := connQueryer{db.Conn}
	other := db.again(t, "pgx")
	backend := other.session(t).Backend
	gone := func(backend string) bool {
		t.Helper()
		gone, err := Gone(t.Context(), parse.PostgreSQL, q, backend)
		if err != nil {
			t.Fatal(err)
		}
		return gone
	}
	if gone(backend) {
		t.Error("gone while it is there")
	}
	pid, _, _ := strings.Cut(backend, "@")
	if !gone(pid + "@1.5") {
		t.Error("another session with the same process id counts as the old one")
	}
	for _, odd := range []string{"", "x", "1", "1@", "@1", "1@x", "1); DROP TABLE a; --@1"} {
		if gone(odd) {
			t.Errorf("%q is gone", odd)
		}
	}
	// The call returns once the backend has ended.
	var ended bool
	if err := db.QueryRowContext(t.Context(), `SELECT pg_terminate_backend($1, 60000)`, pid).Scan(&ended); err != nil || !ended {
		t.Fatal(ended, err)
	}
	if !gone(backend) {
		t.Error("not gone")
	}
	if _, err := Gone(t.Context(), parse.PostgreSQL, connQueryer{other.Conn}, backend); err == nil {
		t.Error("an answer through a connection that has ended")
	}
}

// A server that is promoted writes a new timeline at once.
func TestTimelines(t *testing.T) {
	for text, want := range map[string]string{"00000001": "1", "0000000A": "10", "3": "3"} {
		if got, err := parseTimeline(text); err != nil || got != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	if got, err := parseTimeline(""); err == nil {
		t.Errorf("no timeline: %q", got)
	}
}

func TestSessionSQLite(t *testing.T) {
	db := sqlite(t)
	s := db.session(t)
	want, err := filepath.EvalSymlinks(db.dsn)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := filepath.EvalSymlinks(s.File); err != nil || got != want {
		t.Errorf("file %q, want %q (%v)", s.File, want, err)
	}
	if s.Namespace != "" || s.NoCache != "" || s.Replica || s.Backend != "" {
		t.Errorf("%+v", s)
	}
	if gone, err := Gone(t.Context(), parse.SQLite, connQueryer{db.Conn}, ""); err != nil || !gone {
		t.Errorf("gone: %v, %v", gone, err)
	}
	if other := db.again(t, "sqlite3").session(t); other != s {
		t.Errorf("another connection: %+v, want %+v", other, s)
	}
	other := db.again(t, "sqlite3")
	other.exec(t, `PRAGMA query_only = 1`)
	if s := other.session(t); !s.Replica {
		t.Error("query_only is no replica")
	}
	for _, text := range []string{`PRAGMA read_uncommitted = 1`, `PRAGMA writable_schema = 1`, `ATTACH ':memory:' AS other`} {
		conn := db.again(t, "sqlite3")
		conn.exec(t, text)
		if s := conn.session(t); s.NoCache == "" {
			t.Errorf("%s: cached", text)
		}
	}
	conn := db.again(t, "sqlite3")
	conn.exec(t, `PRAGMA reverse_unordered_selects = 1`)
	if conn.session(t).Fingerprint == s.Fingerprint {
		t.Error("reverse_unordered_selects keeps the fingerprint")
	}
	conn = db.again(t, "sqlite3")
	conn.exec(t, `CREATE TEMP TABLE t (id)`)
	if s := conn.session(t); s.NoCache != "" {
		t.Errorf("a temporary table: %q", s.NoCache)
	}
}

func TestSQLiteInMemoryIsNotCached(t *testing.T) {
	for _, dsn := range []string{":memory:", "file::memory:?cache=shared", "file:x?mode=memory&cache=shared", ""} {
		if s := open(t, parse.SQLite, "sqlite3", dsn).session(t); s.NoCache == "" || s.File != "" {
			t.Errorf("%q: %+v", dsn, s)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a file was left")
	}
}

// failing answers the first queries of q and then fails.
type failing struct {
	Queryer
	left int
}

var errAway = errors.New("away")

func (f *failing) Query(ctx context.Context, query string) ([][]any, error) {
	if f.left--; f.left < 0 {
		return nil, errAway
	}
	return f.Queryer.Query(ctx, query)
}

// Whichever query fails, nothing is half known.
func TestCatalogQueriesThatFail(t *testing.T) {
	for _, db := range []database{sqlite(t, `CREATE TABLE a (id INTEGER PRIMARY KEY)`), postgres(t, `CREATE TABLE a (id int PRIMARY KEY)`), mariadb(t, `CREATE TABLE a (id int PRIMARY KEY)`)} {
		for n := 0; ; n++ {
			q := &failing{connQueryer{db.Conn}, n}
			c, err := Load(t.Context(), db.dialect, q)
			if q.left >= 0 {
				if n < 5 || err != nil {
					t.Errorf("%v: %d queries, %v", db.dialect, n, err)
				}
				break
			}
			if c != nil || !errors.Is(err, errAway) || !strings.HasPrefix(err.Error(), "moneyclip: catalog: ") {
				t.Errorf("%v: query %d fails: %v, %v", db.dialect, n, c, err)
			}
		}
	}
}

func TestSessionQueriesThatFail(t *testing.T) {
	for _, db := range []database{sqlite(t), postgres(t), mariadb(t)} {
		s, err := Inspect(t.Context(), db.dialect, &failing{connQueryer{db.Conn}, 0})
		if s.NoCache == "" || !errors.Is(err, errAway) {
			t.Errorf("%v: %+v, %v", db.dialect, s, err)
		}
	}
	if s, err := Inspect(t.Context(), parse.UnknownDialect, nil); s.NoCache == "" || err == nil {
		t.Errorf("%+v, %v", s, err)
	}
	if c, err := Load(t.Context(), parse.UnknownDialect, nil); c != nil || err == nil {
		t.Errorf("%v, %v", c, err)
	}
	if gone, err := Gone(t.Context(), parse.UnknownDialect, nil, "1@1"); gone || err != nil {
		t.Errorf("%v, %v", gone, err)
	}
}

// odd answers every query with one row of something.
type odd []any

func (o odd) Query(context.Context, string) ([][]any, error) { return [][]any{o}, nil }

func TestAnswersThatCannotBeReadAreErrors(t *testing.T) {
	for _, row := range []odd{{}, {1.5}, {sql.ErrNoRows, sql.ErrNoRows}} {
		for _, d := range []parse.Dialect{parse.SQLite, parse.PostgreSQL, parse.MySQL} {
			if c, err := Load(t.Context(), d, row); c != nil || err == nil {
				t.Errorf("%v: %v: %v", d, row, err)
			}
			if s, err := Inspect(t.Context(), d, row); s.NoCache == "" || err == nil {
				t.Errorf("%v: %v: %v", d, row, err)
			}
		}
	}
}

func TestReplicaInRecovery(t *testing.T) {
	row := odd{"5", "7", "1.5", "true", "on", "UTF8", "u", "u", "public", "", "false"}
	s, err := Inspect(t.Context(), parse.PostgreSQL, &recovering{row})
	if err != nil || !s.Replica || s.Namespace != "pg-11-3-5" {
		t.Errorf("%+v, %v", s, err)
	}
}

// recovering is a server in recovery, which names its timeline in decimal.
type recovering struct{ session odd }

func (r *recovering) Query(_ context.Context, query string) ([][]any, error) {
	if query == pgIdentity {
		return [][]any{{"11", "3"}}, nil
	}
	return [][]any{r.session}, nil
}
