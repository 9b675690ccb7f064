package policy

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"

	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// connQueryer asks over one connection of database/sql.
type connQueryer struct{ conn *sql.Conn }

func (q connQueryer) Query(ctx context.Context, query string) ([][]any, error) {
	rows, err := q.conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]any
	for rows.Next() {
		row := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// database is one connection to a real database.
type database struct {
	*sql.Conn
	dialect parse.Dialect
	driver  string
	dsn     string
}

func open(t testing.TB, dialect parse.Dialect, name, dsn string) database {
	t.Helper()
	db, err := sql.Open(name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return database{conn, dialect, name, dsn}
}

func sqlite(t testing.TB, schema ...string) database {
	t.Helper()
	db := open(t, parse.SQLite, "sqlite3", filepath.Join(t.TempDir(), "test.db"))
	db.exec(t, schema...)
	return db
}

// postgres opens a new database through lib/pq.
func postgres(t testing.TB, schema ...string) database {
	t.Helper()
	db := open(t, parse.PostgreSQL, "postgres", testenv.Postgres(t))
	db.exec(t, schema...)
	return db
}

// mariadb opens a new database of MariaDB, or of the MySQL that the environment
// names.
func mariadb(t testing.TB, schema ...string) database {
	t.Helper()
	db := open(t, parse.MySQL, "mysql", testenv.MariaDB(t))
	db.exec(t, schema...)
	return db
}

// name is what the database is called.
func (d database) name(t testing.TB) string {
	t.Helper()
	var name string
	if err := d.QueryRowContext(t.Context(), `SELECT DATABASE()`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

// onlyMariaDB skips a test that MySQL cannot run.
func (d database) onlyMariaDB(t testing.TB) {
	t.Helper()
	if !d.isMariaDB(t) {
		t.Skip("MySQL has no such thing")
	}
}

func (d database) isMariaDB(t testing.TB) bool {
	t.Helper()
	var version string
	if err := d.QueryRowContext(t.Context(), `SELECT VERSION()`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	return strings.Contains(version, "MariaDB")
}

// again opens another connection to the same database.
func (d database) again(t testing.TB, driver string) database {
	t.Helper()
	return open(t, d.dialect, driver, d.dsn)
}

func (d database) exec(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := d.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

func (d database) catalog(t testing.TB) *Catalog {
	t.Helper()
	c, err := Load(t.Context(), d.dialect, connQueryer{d.Conn})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (d database) rules(t testing.TB, p Policy) *Rules {
	t.Helper()
	r, err := Bind(p, d.catalog(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (d database) session(t testing.TB) Session {
	t.Helper()
	s, err := Inspect(t.Context(), d.dialect, connQueryer{d.Conn})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// named makes arguments as database/sql does.
func named(values ...any) []driver.NamedValue {
	args := make([]driver.NamedValue, len(values))
	for i, v := range values {
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
		if n, ok := v.(sql.NamedArg); ok {
			args[i].Name, args[i].Value = n.Name, n.Value
		}
	}
	return args
}

func (r *Rules) planOf(text string) *Plan { return r.Plan(parse.Parse(r.catalog.dialect, text)) }
