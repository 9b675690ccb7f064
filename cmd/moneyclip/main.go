// Command moneyclip says what the cache would do with a statement:
//
//	moneyclip explain -db sqlite3 -dsn app.db 'SELECT * FROM authors WHERE id = ?' 42
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const usage = `usage: moneyclip explain [flags] SQL [argument ...]

explain   say whether a read is served from the cache, under which rule it is
          not, or what a write invalidates; nothing is run

Run "moneyclip explain -h" for its flags.
`

// run is main without the process: it returns the exit status, 2 for a call
// that cannot be understood and 1 for one that failed.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	switch args[0] {
	case "explain":
		return explain(ctx, args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return 0
	}
	fmt.Fprintf(stderr, "moneyclip: unknown command %q\n%s", args[0], usage)
	return 2
}
