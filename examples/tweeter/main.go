// Command tweeter is the main job of moneyclip, to be run and read: accounts,
// followers and tweets in sqlc's own code, on a database that is cached.
//
//	go run ./examples/tweeter
//
// needs nothing but Go and a C compiler: SQLite in a temporary file, and the
// store in the process. On real servers:
//
//	go run ./examples/tweeter -db pgx -dsn postgres://me@localhost/test -redis redis://localhost:6379/0
//	go run ./examples/tweeter -db mysql -dsn 'me:password@tcp(localhost:3306)/' -redis redis://localhost:6379/0
//
// It works in a schema (on MySQL: a database) of its own there, and drops it at
// the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	o, err := parseOptions(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "tweeter: %v\n", err)
		os.Exit(2)
	}
	o.colour = isTerminal(os.Stdout)
	// Whatever ends the run, a closed pipe included, it cleans up first.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = run(ctx, os.Stdout, o)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "tweeter: %v\n", err)
		os.Exit(1)
	}
}

// isTerminal reports whether a person looks at f and wants colours.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
