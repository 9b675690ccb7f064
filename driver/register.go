package driver

import (
	"context"
	"crypto/rand"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

var (
	_ sqldriver.Driver        = (*Driver)(nil)
	_ sqldriver.DriverContext = (*Driver)(nil)
)

// The drivers that importing this package registers. The program imports the
// inner driver itself, as it does today.
func init() {
	for _, r := range []struct {
		name, inner string
		dialect     parse.Dialect
	}{
		{"postgres", "postgres", parse.PostgreSQL},
		{"pgx", "pgx", parse.PostgreSQL},
		{"mysql", "mysql", parse.MySQL},
		{"sqlite3", "sqlite3", parse.SQLite},
		{"sqlmock", "sqlmock", parse.UnknownDialect},
	} {
		sql.Register("moneyclip+"+r.name, &Driver{inner: r.inner, dialect: r.dialect})
	}
}

// Register makes "moneyclip+"+name a driver over the registered driver inner,
// which is looked up when a database is opened. It is an error to register a
// name twice.
func Register(name, inner string, dialect parse.Dialect, opts ...Option) error {
	full := "moneyclip+" + name
	if slices.Contains(sql.Drivers(), full) {
		return fmt.Errorf("moneyclip: driver %q is registered already", full)
	}
	sql.Register(full, &Driver{inner: inner, dialect: dialect, opts: opts})
	return nil
}

// Driver is a registered driver, or, as [sql.DB.Driver] returns it, the driver
// of one open database, which [Of] reads.
type Driver struct {
	inner   string
	dialect parse.Dialect
	opts    []Option

	handle *Handle // of an open database
}

// Open opens one connection by the old way; database/sql uses OpenConnector.
func (d *Driver) Open(dsn string) (sqldriver.Conn, error) {
	c, err := d.OpenConnector(dsn)
	if err != nil {
		return nil, err
	}
	return openOnce(c)
}

// OpenConnector takes our parameters out of dsn and resolves the inner driver.
// It opens no connection. With an empty dsn a mistake, such as that no store is
// named, is told at the first use of the database: wrappers (otelsql.Register)
// open it under that name only to ask for its driver.
func (d *Driver) OpenConnector(dsn string) (sqldriver.Connector, error) {
	c, err := d.connector(dsn)
	if err != nil && dsn == "" {
		return unusable{driver: d, err: err}, nil
	}
	return c, err
}

// unusable is a connector that says why it cannot connect.
type unusable struct {
	driver *Driver
	err    error
}

func (u unusable) Connect(context.Context) (sqldriver.Conn, error) { return nil, u.err }

func (u unusable) Driver() sqldriver.Driver { return u.driver }

func (d *Driver) connector(dsn string) (sqldriver.Connector, error) {
	cfg := &config{dialect: d.dialect, registered: d.opts}
	for _, o := range d.opts {
		o(cfg)
	}
	grammar := d.dialect
	if mocked(d.inner) {
		grammar = parse.UnknownDialect // a name, and ours behind a question mark
	}
	src, err := splitDSN(grammar, dsn)
	if err != nil {
		return nil, err
	}
	if err := cfg.resolve(src.params); err != nil {
		return nil, err
	}
	cfg.shared = d.dialect == parse.SQLite && src.sharedCache
	cfg.database, cfg.prepares = src.database, d.dialect == parse.MySQL && !src.interpolates
	if mocked(d.inner) {
		if err := cfg.mocks(); err != nil {
			return nil, err
		}
	}
	inner, err := innerConnector(d.inner, src.inner)
	if err != nil {
		return nil, err
	}
	if !cfg.identified {
		cfg.identity, cfg.identified = identityOf(src), true
	}
	return newConnector(inner, d.inner, cfg)
}

// innerConnector is what sql.Open would have made of the inner name and DSN.
func innerConnector(name, dsn string) (sqldriver.Connector, error) {
	if !slices.Contains(sql.Drivers(), name) {
		hint := map[string]string{
			"postgres": `: import _ "github.com/lib/pq"`,
			"pgx":      `: import _ "github.com/jackc/pgx/v5/stdlib"`,
			"mysql":    `: import _ "github.com/go-sql-driver/mysql"`,
			"sqlite3":  `: import _ "github.com/mattn/go-sqlite3"`,
			"sqlmock":  `: import "github.com/DATA-DOG/go-sqlmock"`,
		}[name]
		return nil, fmt.Errorf("moneyclip: the inner driver %q is not registered%s", name, hint)
	}
	db, err := sql.Open(name, dsn)
	if err != nil {
		return nil, err
	}
	defer db.Close() // nothing was dialled
	d := db.Driver()
	if dc, ok := d.(sqldriver.DriverContext); ok {
		return dc.OpenConnector(dsn)
	}
	return dsnConnector{dsn: dsn, driver: d}, nil
}

// dsnConnector serves a driver without OpenConnector, as database/sql's own.
type dsnConnector struct {
	dsn    string
	driver sqldriver.Driver
}

func (c dsnConnector) Connect(context.Context) (sqldriver.Conn, error) {
	return c.driver.Open(c.dsn)
}

func (c dsnConnector) Driver() sqldriver.Driver { return c.driver }

// Wrap puts the cache over a connector, for [sql.OpenDB]. The store is named
// by an option or by the environment. A connector does not reveal its
// configuration, so nothing is cached without [WithIdentity].
func Wrap(inner sqldriver.Connector, dialect parse.Dialect, opts ...Option) (sqldriver.Connector, error) {
	if inner == nil {
		return nil, errors.New("moneyclip: Wrap of a nil connector")
	}
	cfg := &config{dialect: dialect}
	for _, o := range opts {
		o(cfg)
	}
	if err := cfg.resolve(nil); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%T", inner.Driver())
	if mocked(name) {
		if err := cfg.mocks(); err != nil {
			return nil, err
		}
		cfg.identified = true // whatever it is connected to answers what the test says
	}
	return newConnector(inner, name, cfg)
}

// Of returns the handle of an open database. It needs no connection. It cannot
// see moneyclip behind a wrapper of another library: see [OfConn].
func Of(db *sql.DB) (*Handle, error) {
	if d, ok := db.Driver().(*Driver); ok && d.handle != nil {
		return d.handle, nil
	}
	return nil, fmt.Errorf("moneyclip: the database was not opened through moneyclip, its driver is %T: "+
		"if that is a wrapper around moneyclip, ask OfConn with one of its connections", db.Driver())
}

// OfConn returns the handle of the database that a connection belongs to. It
// finds it behind wrappers whose connections reveal the one below by a method
// Raw or Unwrap that returns a [sqldriver.Conn], as otelsql's do. The handle
// outlives the connection.
func OfConn(c *sql.Conn) (h *Handle, err error) {
	err = c.Raw(func(dc any) error {
		own, err := ownConn(dc)
		if err == nil {
			h = own.cn.driver.handle
		}
		return err
	})
	return h, err
}

// identityOf distinguishes what two data source names of one database may
// answer differently. A name that reveals no parameters (one registered with
// pgx's RegisterConnConfig) is told from all others, and from the same name in
// another process.
func identityOf(src source) string {
	if strings.HasPrefix(src.inner, "registeredConnConfig") {
		return "process " + processID + " " + src.inner
	}
	return strings.Join(src.others, "\n")
}

// processID tells this process from any other.
var processID = rand.Text()
