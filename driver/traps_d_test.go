package driver_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// authorsAt is what most of the traps read.
func authorsAt(s *site) []string {
	key, blob := "BIGINT", "BYTEA"
	switch s.dialect {
	case parse.SQLite:
		key, blob = "INTEGER", "BLOB"
	case parse.MySQL:
		blob = "BLOB"
	}
	return []string{
		"CREATE TABLE authors (id " + key + " PRIMARY KEY, name TEXT NOT NULL, raw " + blob + ")",
		"INSERT INTO authors VALUES (1, 'ann', NULL), (2, 'bob', NULL), (3, 'eve', NULL)",
	}
}

const byID = "SELECT id, name FROM authors WHERE id = $1"

// fresh checks that a reader sees what the database holds, after a write by W.
func fresh(t *testing.T, s *site, w *watched, bare asker, query string, args ...any) {
	t.Helper()
	want, err := valuesOf(context.Background(), bare, s.q(query), args...)
	if err != nil {
		t.Fatal(err)
	}
	equalRows(t, query, want, w.ask(t, s.q(query), args...).rows)
}

func TestD1LockingReadsAskTheDatabase(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		if s.dialect == parse.SQLite {
			t.Skip("SQLite has no locking reads")
		}
		s.setup(t, authorsAt(s)...)
		r := s.open(t)
		r.warm(t, s.q(byID), 1)
		locks := []string{"FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE", "FOR KEY SHARE", "FOR UPDATE SKIP LOCKED", "FOR SHARE NOWAIT", "FOR UPDATE OF authors"}
		if s.dialect == parse.MySQL { // MariaDB has no FOR SHARE
			locks = []string{"FOR UPDATE", "LOCK IN SHARE MODE", "FOR UPDATE SKIP LOCKED", "FOR UPDATE NOWAIT", "FOR UPDATE WAIT 1", "LOCK IN SHARE MODE NOWAIT", "LIMIT 1 FOR UPDATE"}
		}
		for _, lock := range locks {
			r.neverHit(t, policy.BypassLock, s.q(byID)+" "+lock, 1)
		}
	})
}

func TestD2WhatChangesByItselfIsAskedEachTime(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		expressions := []string{"random()", "datetime('now')", "last_insert_rowid()", "changes()", "total_changes()", "CURRENT_TIMESTAMP", "hex(randomblob(4))", "strftime('%s')"}
		if s.dialect == parse.MySQL {
			s.setup(t, "CREATE SEQUENCE seq", "CREATE FUNCTION own() RETURNS INTEGER NO SQL RETURN connection_id()")
			expressions = []string{
				"rand()", "rand(id)", "now()", "now(6)", "sysdate()", "current_timestamp", "curdate()", "curtime()", "utc_timestamp()", "unix_timestamp()", "localtime", "current_user", "current_user()", "session_user()",
				"user()", "uuid()", "uuid_short()", "connection_id()", "last_insert_id()", "row_count()", "found_rows()", "sleep(0)", "get_lock('x', 0)", "is_free_lock('x')", "benchmark(1, 1)", "database()", "version()",
				"@x", "@x := id", "@@sql_mode", "@@session.time_zone", "@@global.uptime", "own()", "nextval(seq)", "NEXT VALUE FOR seq", "lastval(seq)", "own ()", "/*! rand() */",
			}
		}
		if s.dialect == parse.PostgreSQL {
			s.setup(t, "CREATE SEQUENCE seq")
			expressions = []string{
				"random()", "now()", "clock_timestamp()", "current_timestamp", "current_date", "current_user", "session_user",
				"nextval('seq')", "gen_random_uuid()", "pg_backend_pid()", "txid_current()", "current_setting('TimeZone')",
				"pg_try_advisory_lock(id)", "'now'::timestamptz", "timeofday()", "xmin", "ctid", "currval('seq')",
			}
		}
		r := s.open(t)
		r.warm(t, s.q(byID), 1)
		for _, e := range expressions {
			query := s.q("SELECT id, " + e + " FROM authors WHERE id = $1")
			for range 3 {
				if rows, err := valuesOf(context.Background(), r.DB, query, 1); err != nil || len(rows) != 1 {
					t.Fatalf("%s: %v, %v", query, rows, err)
				}
				r.sync(t)
			}
		}
		if hits := r.Stats().Sub(driver.Stats{}).Hits; hits != 1 {
			t.Errorf("%d hits, want the one of the warm row", hits)
		}
	})
}

func TestD3AResultLeftEarlyIsKeptWhole(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		r := s.open(t)
		r.warm(t, s.q(byID), 2) // past the quarantine
		for range 2 {
			rows, err := r.QueryContext(context.Background(), s.q(byID), 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
			r.sync(t)
		}
		got := r.ask(t, s.q(byID), 1)
		if got.code != policy.Hit {
			t.Errorf("%v (%s), want a hit", got.code, got.why)
		}
		equalRows(t, "after early ends", [][]any{{int64(1), s.text("ann")}}, got.rows)
	})
}

func TestD4AResultThatFailsIsNotKept(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		// Of one row and failing while it is computed, with an argument of
		// whose value the database makes an error or not.
		query := "SELECT id, 10 / CAST(name AS BIGINT) FROM authors WHERE id = $1"
		if s.dialect == parse.SQLite {
			query = "SELECT id, abs(CASE name WHEN '0' THEN -9223372036854775808 ELSE 1 END) FROM authors WHERE id = $1"
		}
		one := any(int64(1))
		if s.dialect == parse.MySQL { // which makes NULL of a division by zero, and an error of a number out of range
			query = "SELECT id, 9223372036854775806 + (2 - instr(name, '1')) - 9223372036854775806 FROM authors WHERE id = $1"
		}
		s.setup(t, "UPDATE authors SET name = '0'")
		w, r := s.open(t), s.open(t)
		r.warm(t, s.q(byID), 1)
		for range 3 {
			if rows, err := valuesOf(context.Background(), r.DB, s.q(query), 1); err == nil {
				t.Fatalf("no error but %v", rows)
			}
			r.sync(t)
		}
		mustExec(t, w, s.q("UPDATE authors SET name = '10' WHERE id = $1"), 1)
		equalRows(t, "after the reason is gone", [][]any{{int64(1), one}}, r.warm(t, s.q(query), 1))
	})
}

func TestD5WhatACallerDoesToItsBytesReachesNobody(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		r := s.open(t)
		text := s.q("SELECT raw FROM authors WHERE id = $1")
		raw := []byte("the bytes of one row")
		mustExec(t, r, s.q("UPDATE authors SET raw = $1 WHERE id = $2"), raw, 1)
		r.warm(t, text, 1)
		for range 3 { // by each reader, of hits and of misses
			for _, ctx := range []context.Context{context.Background(), driver.WithRefresh(context.Background()), driver.WithBypass(context.Background())} {
				var got []byte
				if err := r.QueryRowContext(ctx, text, 1).Scan(&got); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, raw) {
					t.Fatalf("%q, want %q", got, raw)
				}
				clear(got)
				rows, err := r.QueryContext(ctx, text, 1)
				if err != nil {
					t.Fatal(err)
				}
				var own sql.RawBytes
				if !rows.Next() || rows.Scan(&own) != nil || !bytes.Equal(own, raw) {
					t.Fatalf("%q, want %q", own, raw)
				}
				if err := errors.Join(rows.Err(), rows.Close()); err != nil {
					t.Fatal(err)
				}
				r.sync(t)
			}
		}
		if got := r.ask(t, text, 1); got.code != policy.Hit || !bytes.Equal(got.rows[0][0].([]byte), raw) {
			t.Errorf("%v %q, want a hit with %q", got.code, got.rows, raw)
		}
		// A key of bytes that the caller changes afterwards.
		bytesOf := map[parse.Dialect]string{parse.SQLite: "BLOB", parse.MySQL: "VARBINARY(20)", parse.PostgreSQL: "BYTEA"}[s.dialect]
		values := "(x'6161', 'aa'), (x'6262', 'bb')"
		if s.dialect == parse.PostgreSQL {
			values = `('\x6161', 'aa'), ('\x6262', 'bb')`
		}
		s.setup(t, "CREATE TABLE blobs (k "+bytesOf+" PRIMARY KEY, v TEXT)", "INSERT INTO blobs VALUES "+values)
		again := s.open(t)
		key := []byte("aa")
		query := s.q("SELECT v FROM blobs WHERE k = $1")
		again.warm(t, query, key)
		copy(key, "bb")
		equalRows(t, "changed key", [][]any{{s.text("bb")}}, again.warm(t, query, key))
		equalRows(t, "first key", [][]any{{s.text("aa")}}, again.warm(t, query, []byte("aa")))
	})
}

// D6 and D7 in full are in testdata/transcript: types_postgres, types_sqlite.
// Here a writer changes each kind of value and a reader's hit shows it.
func TestD6ValuesRoundTripBetweenTwoProcesses(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		text := "CREATE TABLE vals (id INTEGER PRIMARY KEY, i INTEGER, f REAL, t TEXT, b BLOB, ts TIMESTAMP)"
		if s.dialect == parse.PostgreSQL {
			text = "CREATE TABLE vals (id BIGINT PRIMARY KEY, i BIGINT, f DOUBLE PRECISION, t TEXT, b BYTEA, ts TIMESTAMPTZ, n NUMERIC, u UUID, j JSONB, a INT[])"
		}
		if s.dialect == parse.MySQL {
			text = "CREATE TABLE vals (id BIGINT PRIMARY KEY, i BIGINT, f DOUBLE, t TEXT, b BLOB, ts DATETIME(6), n DECIMAL(45, 5), u UUID, j JSON, y YEAR, tm TIME(3), ip INET6, bi BIT(10), e ENUM('a', 'b'), un BIGINT UNSIGNED, s TIMESTAMP(6) NULL)"
		}
		s.setup(t, text, "INSERT INTO vals (id) VALUES (1)")
		w, r, bare := s.open(t), s.open(t), s.bare(t)
		updates := []string{
			"i = 9223372036854775807", "i = -9223372036854775807", "i = 9007199254740993", "i = NULL",
			"f = 5e-324", "f = 1.7976931348623157e308", "f = -0.0", "f = 0.1",
			"t = ''", "t = 'ünï 😀'", "t = NULL",
		}
		switch s.dialect {
		case parse.MySQL:
			updates = append(updates, "ts = '2024-02-29 12:34:56.123456'", "ts = NULL", `b = x'00ff'`, "b = ''", "b = NULL", "n = 1234567890123456789012345678901234567890.12345", "n = -0.00001",
				"u = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", `j = '{"b": [1, null]}'`, "y = 2024", "tm = '-838:59:58.999'", "ip = '::ffff:1.2.3.4'", "bi = b'1000000001'", "e = 'b'",
				"un = 18446744073709551615", "s = '2024-02-29 12:34:56.123456'", "f = 1e15", "f = 1234567.125", "t = 0x27220a00")
		case parse.PostgreSQL:
			updates = append(updates, "ts = '2024-02-29 12:34:56.123456+00:00'")
			updates = append(updates, "f = 'NaN'", "f = 'Infinity'", "f = '-Infinity'", `b = '\x00ff'`, `b = ''`, "b = NULL",
				"n = 123456789012345678901234567890.12345", "n = 'NaN'", "u = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'",
				`j = '{"b": [1, null]}'`, "a = '{1,NULL,3}'", "a = '{}'")
		default:
			updates = append(updates, "ts = '2024-02-29 12:34:56.123456+00:00'", "f = 9e999", "f = -9e999", "b = x'00ff'", "b = x''", "b = NULL", "i = 1.5", "t = x'01'", "f = 'text'")
		}
		for _, u := range updates {
			mustExec(t, w, s.q("UPDATE vals SET "+u+" WHERE id = $1"), 1)
			want, err := valuesOf(context.Background(), bare, s.q("SELECT * FROM vals WHERE id = $1"), 1)
			if err != nil {
				t.Fatal(err)
			}
			sameValues(t, u, want, r.warm(t, s.q("SELECT * FROM vals WHERE id = $1"), 1))
		}
	})
}

func sameValues(t *testing.T, what string, want, got [][]any) {
	t.Helper()
	if len(want) != 1 || len(got) != 1 || len(want[0]) != len(got[0]) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
	for i := range want[0] {
		if a, b := shown(&want[0][i]), shown(&got[0][i]); a != b {
			t.Errorf("%s: column %d: %s, want %s", what, i, b, a)
		}
	}
}

func TestD7ColumnsAreTheSameOnHitAndMiss(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		r, bare := s.open(t), s.bare(t)
		query := s.q("SELECT *, id + 1 AS more, NULL AS none, 'x' AS text FROM authors WHERE id = $1")
		columns := func(db *sql.DB, ctx context.Context) []string {
			rows, err := db.QueryContext(ctx, query, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			n := &program{t: t}
			n.columns(rows) // before the first row
			if !rows.Next() {
				t.Fatal("no row")
			}
			n.columns(rows)
			return n.seen
		}
		want := columns(bare, context.Background())
		r.warm(t, query, 1)
		for what, ctx := range map[string]context.Context{
			"hit": context.Background(), "miss": driver.WithRefresh(context.Background()), "bypass": driver.WithBypass(context.Background()),
		} {
			if diff := diffLines(want, columns(r.DB, ctx)); diff != "" {
				t.Errorf("%s (- bare, + %s):\n%s", query, what, diff)
			}
			r.sync(t)
		}
	})
}

func TestD8ProjectionsAreKeptApartAndEndTogether(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		w, r, bare := s.open(t), s.open(t), s.bare(t)
		queries := []string{
			byID,
			"SELECT name, id FROM authors WHERE id = $1",
			"SELECT id AS name, name AS id FROM authors WHERE id = $1",
			"SELECT name FROM authors WHERE id = $1",
			"SELECT * FROM authors WHERE id = $1",
			"SELECT upper(name), id + 1 FROM authors WHERE id = $1",
			"SELECT a.name FROM authors a WHERE a.id = $1",
			"select name from authors where id = $1",
		}
		check := func() {
			t.Helper()
			for _, query := range queries {
				want, err := valuesOf(context.Background(), bare, s.q(query), 1)
				if err != nil {
					t.Fatal(err)
				}
				equalRows(t, query, want, r.warm(t, s.q(query), 1))
			}
		}
		check()
		mustExec(t, w, s.q("UPDATE authors SET name = 'changed' WHERE id = $1"), 1)
		for _, query := range queries { // the first read after the write
			fresh(t, s, r, bare, query, 1)
		}
		check()
	})
}
