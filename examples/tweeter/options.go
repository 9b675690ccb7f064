package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// options is what the command line says.
type options struct {
	db    string // the inner driver's name
	dsn   string
	redis string // "": the store in the process
	keep  bool

	colour bool
	lease  time.Duration // 0: moneyclip's default; tests shorten it
}

// parseOptions reads the command line. Mistakes come back as one error that
// says what would be right; help and the flag package's own complaints are
// printed to w.
func parseOptions(args []string, w io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("tweeter", flag.ContinueOnError)
	f.SetOutput(w)
	f.StringVar(&o.db, "db", "sqlite3", "the `driver` to run on: sqlite3, postgres (lib/pq), pgx or mysql")
	f.StringVar(&o.dsn, "dsn", "", "`data source name` of a PostgreSQL database, or of a MySQL or MariaDB server")
	f.StringVar(&o.redis, "redis", "", "`URL` of the Redis that keeps the entries (default: the store in the process)")
	f.BoolVar(&o.keep, "keep", false, "keep the tables, and what is in Redis, and say where they are")
	f.Usage = func() {
		fmt.Fprintln(w, "usage: go run ./examples/tweeter [-db sqlite3|postgres|pgx|mysql] [-dsn DSN] [-redis URL] [-keep]")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag: see -help", f.Arg(0))
	}
	return o, o.check()
}

func (o options) check() error {
	switch o.db {
	case "sqlite3":
		if o.dsn != "" {
			return errors.New("-dsn goes with -db postgres, pgx or mysql: SQLite runs on a temporary file")
		}
	case "postgres", "pgx", "mysql":
		if o.dsn == "" {
			example := "postgres://me@localhost:5432/test?sslmode=disable"
			if o.db == "mysql" {
				example = "me:password@tcp(localhost:3306)/"
			}
			return fmt.Errorf("-db %s needs -dsn, for example %s", o.db, example)
		}
		if strings.Contains(o.dsn, "moneyclip_") {
			return errors.New("-dsn: leave the moneyclip_ parameters out, this program sets its own")
		}
	default:
		return fmt.Errorf("-db %s: want sqlite3, postgres, pgx or mysql", o.db)
	}
	if o.redis != "" {
		if _, err := redis.ParseURL(o.redis); err != nil {
			// The URL's own error may quote the password.
			return errors.New("-redis: want a URL such as redis://localhost:6379/0")
		}
	}
	return nil
}
