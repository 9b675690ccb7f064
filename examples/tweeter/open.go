package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"
	_ "github.com/moneyclip/moneyclip/driver"
	"github.com/redis/go-redis/v9"

	"github.com/moneyclip/moneyclip/examples/tweeter/mysqldb"
	"github.com/moneyclip/moneyclip/examples/tweeter/postgresdb"
	"github.com/moneyclip/moneyclip/examples/tweeter/sqlitedb"
)

var (
	//go:embed sqlitedb/schema.sql
	sqliteSchema string
	//go:embed postgresdb/schema.sql
	postgresSchema string
	//go:embed mysqldb/schema.sql
	mysqlSchema string
)

// site is where the story plays: one database with its tables, opened twice.
type site struct {
	cached *sql.DB // "moneyclip+" the driver's name
	plain  *sql.DB // the driver as it is
	bind   func(sqlitedb.DBTX) sqlitedb.Querier
	where  string // for people
	undo   []func() error
}

// openSite makes the tables, in a place of their own, and opens the database
// with and without the cache.
func openSite(ctx context.Context, o options) (s *site, err error) {
	s = &site{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if o.redis != "" {
		// moneyclip would go on without it; there would be nothing to see.
		if err := withRedis(ctx, o.redis, func(ctx context.Context, c *redis.Client) error { return c.Ping(ctx).Err() }); err != nil {
			return s, fmt.Errorf("-redis: the server does not answer: %w", err)
		}
	}
	random := make([]byte, 6)
	if _, err := rand.Read(random); err != nil {
		return s, err
	}
	own := "tweeter_" + hex.EncodeToString(random)

	var dsn string
	switch o.db {
	case "sqlite3":
		dsn, err = s.makeSQLite(ctx, o)
	case "mysql":
		dsn, err = s.makeMySQL(ctx, o, own)
	default:
		dsn, err = s.makePostgres(ctx, o, own)
	}
	if err != nil {
		return s, err
	}

	// The two lines that a program changes are this name and this DSN. MariaDB
	// and SQLite say nothing that tells two of them apart, so that a Redis needs
	// a namespace there. Elsewhere it is only for a clean end: all that this run
	// leaves in Redis begins with it.
	parameters := []string{"moneyclip_namespace=" + own}
	if o.redis == "" {
		parameters = append(parameters, "moneyclip_store=memory")
		s.where += ", entries in this process"
	} else {
		parameters = append(parameters, "moneyclip_redis="+o.redis)
		s.where += ", entries in Redis"
		s.later(o.keep, func() error { return forget(o.redis, own) })
	}
	if o.lease != 0 {
		parameters = append(parameters, "moneyclip_lease="+o.lease.String())
	}
	if s.cached, err = sql.Open("moneyclip+"+o.db, withParameters(dsn, parameters...)); err != nil {
		return s, err
	}
	s.undo = append(s.undo, s.cached.Close)
	return s, nil
}

// makeSQLite makes the tables in a temporary file and returns its DSN.
func (s *site) makeSQLite(ctx context.Context, o options) (string, error) {
	dir, err := os.MkdirTemp("", "tweeter-")
	if err != nil {
		return "", err
	}
	s.later(o.keep, func() error { return os.RemoveAll(dir) })
	file := filepath.Join(dir, "tweeter.db")
	s.where = "SQLite in a temporary file"
	if o.keep {
		s.where = "SQLite in " + file
	}
	s.bind = func(db sqlitedb.DBTX) sqlitedb.Querier { return sqlitedb.New(db) }
	// A write-ahead log lets others read while a transaction is open.
	dsn := "file:" + file + "?_journal_mode=WAL&_busy_timeout=5000&_foreign_keys=on"
	return dsn, s.openPlain(ctx, "sqlite3", dsn, sqliteSchema)
}

// makePostgres makes the tables in a schema named own and returns a DSN with
// that search path.
func (s *site) makePostgres(ctx context.Context, o options, own string) (string, error) {
	s.where = fmt.Sprintf("PostgreSQL through %s, in the schema %s", map[string]string{"postgres": "lib/pq", "pgx": "pgx"}[o.db], own)
	s.bind = func(db sqlitedb.DBTX) sqlitedb.Querier { return onPostgres{postgresdb.New(db)} }
	admin, err := sql.Open(o.db, o.dsn)
	if err != nil {
		return "", err
	}
	s.undo = append(s.undo, admin.Close)
	if _, err := admin.ExecContext(ctx, "CREATE SCHEMA "+own); err != nil {
		return "", err
	}
	s.later(o.keep, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_, err := admin.ExecContext(ctx, "DROP SCHEMA "+own+" CASCADE")
		return err
	})
	dsn := withParameters(o.dsn, "search_path="+own)
	return dsn, s.openPlain(ctx, o.db, dsn, postgresSchema)
}

// makeMySQL makes the tables in a database named own and returns a DSN of it.
func (s *site) makeMySQL(ctx context.Context, o options, own string) (string, error) {
	s.where = "MySQL or MariaDB, in the database " + own
	s.bind = func(db sqlitedb.DBTX) sqlitedb.Querier { return onMySQL{mysqldb.New(db)} }
	c, err := mysql.ParseDSN(o.dsn)
	if err != nil {
		return "", errors.New("-dsn: want a DSN such as root@tcp(localhost:3306)/") // the driver's own error may quote the password
	}
	c.ParseTime = true // sqlc's structs have a time.Time
	several := *c
	several.MultiStatements = true // the schema is one text of several
	admin, err := sql.Open(o.db, several.FormatDSN())
	if err != nil {
		return "", err
	}
	s.undo = append(s.undo, admin.Close)
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+own); err != nil {
		return "", err
	}
	s.later(o.keep, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_, err := admin.ExecContext(ctx, "DROP DATABASE "+own)
		return err
	})
	if _, err := admin.ExecContext(ctx, "USE "+own+"; "+mysqlSchema); err != nil {
		return "", err
	}
	c.DBName = own
	dsn := c.FormatDSN()
	return dsn, s.openPlain(ctx, o.db, dsn, "")
}

func (s *site) openPlain(ctx context.Context, driver, dsn, schema string) (err error) {
	if s.plain, err = sql.Open(driver, dsn); err != nil {
		return err
	}
	s.undo = append(s.undo, s.plain.Close)
	if schema == "" {
		return nil // the tables are there
	}
	_, err = s.plain.ExecContext(ctx, schema)
	return err
}

// later has close call f, unless what it removes is to be kept.
func (s *site) later(keep bool, f func() error) {
	if !keep {
		s.undo = append(s.undo, f)
	}
}

// close closes what openSite opened, and removes what it made, in reverse.
func (s *site) close() error {
	var errs []error
	for i := len(s.undo) - 1; i >= 0; i-- {
		errs = append(errs, s.undo[i]())
	}
	s.undo = nil
	return errors.Join(errs...)
}

// keyValue is how PostgreSQL's second grammar begins.
var keyValue = regexp.MustCompile(`^\s*\w+\s*=`)

// withParameters adds key=value pairs to a DSN of any grammar: PostgreSQL's
// two, and those of SQLite and MySQL, which end as a URL does.
func withParameters(dsn string, parameters ...string) string {
	pairs := keyValue.MatchString(dsn)
	for _, p := range parameters {
		key, value, _ := strings.Cut(p, "=")
		switch {
		case pairs:
			quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)
			dsn += " " + key + "='" + quoted + "'"
		case strings.Contains(dsn, "?"):
			dsn += "&" + key + "=" + escape(value)
		default:
			dsn += "?" + key + "=" + escape(value)
		}
	}
	return dsn
}

// escape is for a parameter's value. It writes a blank as %20, which every
// reader of a DSN understands.
func escape(value string) string { return strings.ReplaceAll(url.QueryEscape(value), "+", "%20") }

// forget removes from Redis what this run has left there.
func forget(redisURL, namespace string) error {
	return withRedis(context.Background(), redisURL, func(ctx context.Context, c *redis.Client) error {
		keys := c.Scan(ctx, 0, namespace+":*", 1000).Iterator()
		for keys.Next(ctx) {
			if err := c.Unlink(ctx, keys.Val()).Err(); err != nil {
				return err
			}
		}
		return keys.Err()
	})
}

func withRedis(ctx context.Context, redisURL string, f func(context.Context, *redis.Client) error) error {
	o, err := redis.ParseURL(redisURL)
	if err != nil {
		return errors.New("the URL is malformed") // the URL's own error may quote the password
	}
	c := redis.NewClient(o)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return errors.Join(f(ctx, c), c.Close())
}
