package driver_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// another is a second database of the same server, with a table t of its own.
func (g *trapRig) another() (name string, bare, wrapped *sql.DB) {
	g.t.Helper()
	own := g.dsn
	defer func() { g.dsn = own }()
	g.dsn = testenv.MariaDB(g.t)
	name = g.dsn[strings.LastIndexByte(g.dsn, '/')+1:]
	bare = g.openBare()
	g.exec(bare, trapTable)
	g.exec(bare, "INSERT INTO t VALUES (1, 'other 1'), (2, 'other 2'), (3, 'other 3')")
	wrapped, _, _ = g.openWrapped("")
	return name, bare, wrapped
}

// lose ends a connection's session.
func lose(c *sql.Conn) { _ = c.Raw(func(any) error { return sqldriver.ErrBadConn }) }

// E2, C21: two databases of one server are in one namespace, and their tables of
// one name are two.
func TestE2WritesToAnotherDatabaseOfTheServer(t *testing.T) {
	trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
		name, bare, other := g.another()
		there := "SELECT id, v FROM " + name + ".t WHERE id = 1"
		otherIs := func() {
			t.Helper()
			want := g.read(bare, byID1)
			for range 2 {
				if got := g.read(other, byID1); got != want {
					t.Errorf("the other is served %q, the database has %q", got, want)
				}
			}
			g.fresh(byID1)
			g.fresh(there)
		}
		for i, write := range []func(){
			func() { g.exec(g.W, "UPDATE "+name+".t SET v = 'by name' WHERE id = 1") },
			func() { g.exec(g.W, "UPDATE `"+name+"` . `t` SET v = ? WHERE id = ?", "by a quoted name", 1) },
			func() { g.exec(g.W, "UPDATE t, "+name+".t AS o SET o.v = 'joined' WHERE o.id = t.id") },
			func() { g.exec(g.W, "REPLACE INTO "+name+".t SELECT id, CONCAT(v, ' copied') FROM t") },
			func() { g.exec(g.W, "DELETE o FROM t JOIN "+name+".t AS o USING (id) WHERE t.id = 2") },
			func() {
				c := g.conn(g.W)
				g.exec(c, "USE "+name)
				g.exec(c, "UPDATE t SET v = 'after USE' WHERE id = 1")
				if got := g.read(c, byID1); got != "id=1 v=after USE" {
					t.Errorf("the session with another database is served %q", got)
				}
				g.exec(c, "UPDATE t SET v = CONCAT(v, ', again') WHERE id = 1")
				lose(c) // the driver would not go back
			},
			func() {
				c := g.conn(g.W)
				g.exec(c, "USE "+name+"; UPDATE t SET v = 'in one text' WHERE id = 1")
				lose(c)
			},
			func() { g.exec(other, "UPDATE t SET v = 'at home' WHERE id = 1") },
		} {
			g.warm(byID1)
			g.warm(there)
			before := g.read(other, byID1)
			write()
			otherIs()
			if i != 4 && g.read(other, byID1) == before {
				t.Errorf("write %d changed nothing", i)
			}
		}
		// A row of one is not ended by the other's.
		g.warm(byID2)
		g.exec(other, "UPDATE t SET v = 'x' WHERE id = 2")
		g.exec(other, "DELETE FROM t")
		g.mustHit(byID2)
		otherIs()
	})
}

// C23 between two databases: the writer may not even see the foreign key.
func TestC23ForeignKeyFromAnotherDatabase(t *testing.T) {
	trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
		name, bare, other := g.another()
		g.exec(bare, "CREATE TABLE child (id INTEGER PRIMARY KEY, t_id INTEGER, FOREIGN KEY (t_id) REFERENCES "+strings.TrimPrefix(g.read(g.bare, "SELECT DATABASE() AS d"), "d=")+".t (id) ON DELETE CASCADE)")
		g.exec(bare, "INSERT INTO child VALUES (10, 1)")
		g.exec(other, "CREATE TABLE told (id INTEGER)") // the catalogs are read again
		const child = "SELECT t_id FROM child WHERE id = 10"
		for range 3 {
			g.read(other, child)
			g.warm(byID1)
		}
		g.exec(g.W, "DELETE FROM t WHERE id = 1")
		if got := g.read(other, child); got != "no row" {
			t.Errorf("the other database's reader is served %q", got)
		}
		g.fresh(byID1)
		g.fresh("SELECT t_id FROM " + name + ".child WHERE id = 10")
	})
}

// D13: a temporary table of the name hides the table, for this session alone.
func TestD13TemporaryTableHidesATable(t *testing.T) {
	trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		for _, how := range []string{"CREATE TEMPORARY TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "CREATE TEMPORARY TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, v TEXT)", "/*! CREATE TEMPORARY TABLE t (id INTEGER PRIMARY KEY, v TEXT) */"} {
			c := g.conn(g.R)
			g.exec(c, how)
			g.exec(c, "INSERT INTO t VALUES (1, 'mine')")
			for range 2 {
				if got := g.read(c, byID1); got != "id=1 v=mine" {
					t.Errorf("the session is served %q", got)
				}
				g.sync()
				g.fresh(byID1)
			}
			g.warm(byID1)
			g.exec(c, "DROP TEMPORARY TABLE t")
			g.changes(func() { g.exec(c, "UPDATE t SET v = CONCAT(v, '.') WHERE id = 1") }, byID1)
			lose(c) // a session once changed stays so
			g.warm(byID1)
		}
	})
}

// E10: the same text in sessions that answer it otherwise.
func TestE10SettingsThatChangeAnAnswerInMySQL(t *testing.T) {
	s := newSite(t, "mysql", testenv.Redis(t))
	s.setup(t, "CREATE TABLE moments (id INTEGER PRIMARY KEY, ts TIMESTAMP NOT NULL, d DATETIME, v VARCHAR(20), c CHAR(5), n INTEGER UNSIGNED)",
		"SET time_zone = '+00:00'", "INSERT INTO moments VALUES (1, '2024-02-29 12:00:00', '2024-02-29 12:00:00', 'ü', 'x', 1)")
	query := "SELECT id, ts, d, v, c, n, HEX(v) AS h, dayname(d) AS day, 'Ü' = 'u' AS same, 1/3 AS third, concat(v, '1') AS more FROM moments WHERE id = ?"
	base := s.dsn
	ask := func(dsn string) ([]string, *watched) {
		t.Helper()
		here := *s
		here.dsn = dsn
		show := func(a asker) string {
			rows, err := valuesOf(context.Background(), a, query, 1)
			if err != nil {
				return err.Error()
			}
			return fmt.Sprintf("%#v", rows)
		}
		r := here.open(t)
		want := show(here.bare(t))
		var got []string
		for range 4 {
			got = append(got, show(r))
			r.sync(t)
		}
		for i, g := range got {
			if g != want {
				t.Errorf("%s: read %d gives\n%s, the database\n%s", strings.TrimPrefix(dsn, base), i, g, want)
			}
		}
		return got, r
	}
	here := *s
	first := here.open(t)
	first.warm(t, query, 1)
	plain, _ := ask(base)
	different := 0
	for _, parameters := range []string{
		"parseTime=true", "parseTime=true&loc=Europe%2FBerlin", "parseTime=true&loc=Local", "time_zone=%27%2B05:00%27", "parseTime=true&time_zone=%27-03:00%27", "interpolateParams=true", "interpolateParams=true&parseTime=true",
		"sql_mode=%27PAD_CHAR_TO_FULL_LENGTH%27", "sql_mode=%27ANSI_QUOTES%27", "sql_mode=%27NO_UNSIGNED_SUBTRACTION%27", "sql_mode=%27PIPES_AS_CONCAT%27", "sql_mode=%27NO_BACKSLASH_ESCAPES%27", "charset=latin1", "charset=utf8mb4&collation=utf8mb4_bin",
		"collation=utf8mb4_german2_ci", "collation=latin1_swedish_ci", "lc_time_names=%27de_DE%27", "div_precision_increment=10", "columnsWithAlias=true", "tx_isolation=%27READ-UNCOMMITTED%27", "sql_select_limit=0", "group_concat_max_len=4",
		"timeTruncate=1s", "clientFoundRows=true",
	} {
		if unescaped, err := url.PathUnescape(parameters); err == nil && unescaped == "" {
			t.Fatal(parameters)
		}
		got, r := ask(base + "?" + parameters)
		if got[3] != plain[3] {
			different++
		}
		if strings.HasPrefix(parameters, "tx_isolation") && r.Stats().Hits+r.Stats().Fills != 0 {
			t.Errorf("%s: %+v", parameters, r.Stats())
		}
		// The first one's is as it was.
		if a := first.ask(t, query, 1); fmt.Sprintf("%#v", a.rows) != plain[0] {
			t.Errorf("after %s: %#v, want %s", parameters, a.rows, plain[0])
		}
	}
	if different < 8 {
		t.Errorf("%d settings change the answer: the trap is none", different)
	}
	// What says only how the server is reached is harmless.
	for _, parameters := range []string{"timeout=3s", "readTimeout=1m&writeTimeout=1m", "maxAllowedPacket=1048576", "connectionAttributes=program_name:x", "checkConnLiveness=false", "compress=true"} {
		here := *s
		here.dsn = base + "?" + parameters
		r := here.open(t)
		r.ask(t, query, 2) // that its driver takes arguments by statements is not known before
		if got := r.ask(t, query, 1); got.code != policy.Hit {
			t.Errorf("%s: %v (%s), want a hit", parameters, got.code, got.why)
		}
	}
}

// E9: MariaDB does not say which server it is: on Redis it must be named.
func TestE9MariaDBOnRedisWantsAName(t *testing.T) {
	s := newSite(t, "mysql", testenv.Redis(t))
	s.setup(t, authorsAt(s)...)
	_, s.store, _ = strings.Cut(s.store, "&")
	r := s.open(t)
	for range 2 {
		_, err := valuesOf(context.Background(), r.DB, s.q(byID), 1)
		if err == nil || !strings.HasPrefix(err.Error(), "moneyclip: ") || !strings.Contains(err.Error(), "moneyclip_namespace") || !strings.Contains(err.Error(), "MariaDB") {
			t.Errorf("a read without a namespace: %v", err)
		}
		if _, err := r.Exec("UPDATE authors SET name = 'x'"); err == nil || !strings.Contains(err.Error(), "moneyclip_namespace") {
			t.Errorf("a write without a namespace: %v", err)
		}
	}
	var name string
	if err := s.bare(t).QueryRow("SELECT name FROM authors WHERE id = 1").Scan(&name); err != nil || name != "ann" {
		t.Errorf("%q, %v: the write was done all the same", name, err)
	}
}
