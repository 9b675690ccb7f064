package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	_ "github.com/go-sql-driver/mysql" // the drivers that -db names
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"

	"github.com/moneyclip/moneyclip/driver"
)

func explain(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("moneyclip explain", flag.ContinueOnError)
	flags.SetOutput(stderr)
	name := flags.String("db", "postgres", "`driver` of the database: postgres, pgx, mysql or sqlite3")
	dsn := flags.String("dsn", "", "data source `name` of the database, whose catalog is read")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: moneyclip explain [flags] SQL [argument ...]")
		flags.PrintDefaults()
		fmt.Fprintln(stderr, "An argument is an integer if it looks like one, else text; text:42 and int:42 say which.")
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	switch {
	case flags.NArg() == 0:
		fmt.Fprintln(stderr, "moneyclip: explain needs a statement")
		return 2
	case *dsn == "":
		fmt.Fprintln(stderr, "moneyclip: explain needs -dsn: the catalog says which tables and keys there are")
		return 2
	case *name != "postgres" && *name != "pgx" && *name != "mysql" && *name != "sqlite3":
		fmt.Fprintf(stderr, "moneyclip: unknown -db %q: want postgres, pgx, mysql or sqlite3\n", *name)
		return 2
	}
	values := make([]any, 0, flags.NArg())
	for _, a := range flags.Args()[1:] {
		v, err := argument(a)
		if err != nil {
			fmt.Fprintln(stderr, "moneyclip:", err)
			return 2
		}
		values = append(values, v)
	}
	if err := print(ctx, stdout, *name, *dsn, flags.Arg(0), values); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// argument reads one value as the command line gives it.
func argument(s string) (any, error) {
	if text, ok := strings.CutPrefix(s, "text:"); ok {
		return text, nil
	}
	digits, typed := strings.CutPrefix(s, "int:")
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err == nil:
		return n, nil
	case typed:
		return nil, fmt.Errorf("%q is not an integer", digits)
	}
	return s, nil
}

// print asks over the in-process store: a decision needs no Redis.
func print(ctx context.Context, w io.Writer, name, dsn, query string, args []any) (err error) {
	db, err := sql.Open("moneyclip+"+name, withMemory(name, dsn))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	h, err := driver.Of(db)
	if err != nil {
		return err
	}
	d, err := h.Explain(ctx, query, args...)
	if err != nil {
		return err
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "decision\t%s\n", d.Code)
	if d.Reason != "" {
		fmt.Fprintf(tab, "reason\t%s\n", d.Reason)
	}
	if len(d.Tables) > 0 {
		fmt.Fprintf(tab, "tables\t%s\n", strings.Join(d.Tables, ", "))
	}
	if d.Rows > 0 {
		fmt.Fprintf(tab, "rows\t%d\n", d.Rows)
	}
	if d.TTL > 0 {
		fmt.Fprintf(tab, "ttl\t%s\n", d.TTL)
	}
	return tab.Flush()
}

// withMemory adds the in-process store to a data source name that names none.
func withMemory(name, dsn string) string {
	if strings.Contains(dsn, "moneyclip_store=") || strings.Contains(dsn, "moneyclip_redis=") {
		return dsn
	}
	const param = "moneyclip_store=memory"
	switch {
	case strings.Contains(dsn, "?"):
		return dsn + "&" + param
	case name == "mysql" || strings.Contains(dsn, "://") || !strings.Contains(dsn, "="):
		return dsn + "?" + param
	}
	return dsn + " " + param
}
