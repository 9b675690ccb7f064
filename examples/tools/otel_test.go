package tools

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/XSAM/otelsql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
)

// traced is a database with moneyclip and otelsql between the program and pgx.
type traced struct {
	*sql.DB
	h     *driver.Handle
	plain *sql.DB
	spans *tracetest.SpanRecorder
}

var slots atomic.Int64

// sides are the ways to put the two together.
var sides = map[string]func(dsn string, spans *sdktrace.TracerProvider) (*sql.DB, error){
	"below": func(dsn string, spans *sdktrace.TracerProvider) (*sql.DB, error) {
		name := fmt.Sprint("tracedpgx", slots.Add(1))
		if err := registerTracedBelow(name, spans); err != nil {
			return nil, err
		}
		return sql.Open("moneyclip+"+name, dsn)
	},
	"above": func(dsn string, spans *sdktrace.TracerProvider) (*sql.DB, error) {
		return openTracedAbove(dsn, spans)
	},
	"above, registered": func(dsn string, spans *sdktrace.TracerProvider) (*sql.DB, error) {
		name, err := otelsql.Register("moneyclip+pgx", otelsql.WithTracerProvider(spans))
		if err != nil {
			return nil, err
		}
		return sql.Open(name, dsn)
	},
	"above, a connector": func(dsn string, spans *sdktrace.TracerProvider) (*sql.DB, error) {
		config, err := pgx.ParseConfig(strings.TrimSuffix(dsn, "&moneyclip_store=memory"))
		if err != nil {
			return nil, err
		}
		c, err := driver.Wrap(stdlib.GetConnector(*config), parse.PostgreSQL, driver.WithStore("memory"), driver.WithIdentity("tools"))
		if err != nil {
			return nil, err
		}
		return otelsql.OpenDB(c, otelsql.WithTracerProvider(spans)), nil
	},
	"above and below": func(dsn string, spans *sdktrace.TracerProvider) (*sql.DB, error) {
		name := fmt.Sprint("tracedpgx", slots.Add(1))
		if err := registerTracedBelow(name, spans); err != nil {
			return nil, err
		}
		return otelsql.Open("moneyclip+"+name, dsn, otelsql.WithTracerProvider(spans))
	},
}

func eachSide(t *testing.T, f func(t *testing.T, side string, db traced)) {
	for side, open := range sides {
		t.Run(side, func(t *testing.T) {
			b := backend{"pgx", testenv.Postgres(t)}
			plain := b.plain(t)
			exec(t, plain, "CREATE TABLE note (id bigint PRIMARY KEY, v text)")
			exec(t, plain, "INSERT INTO note VALUES (1, 'one'), (2, 'two')")
			spans := tracetest.NewSpanRecorder()
			db, err := open(with(b.dsn, "moneyclip_store=memory"), sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			h, err := driver.OfConn(conn)
			if err != nil {
				t.Fatal(err)
			}
			f(t, side, traced{db, h, plain, spans})
		})
	}
}

func (db traced) note(t *testing.T) (v string) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT v FROM note WHERE id = $1", 1).Scan(&v); err != nil {
		t.Error(err)
	}
	return v
}

// queries counts the spans of direct queries that f causes.
func (db traced) queries(f func()) (n int) {
	before := len(db.spans.Ended())
	f()
	for _, s := range db.spans.Ended()[before:] {
		if s.Name() == string(otelsql.MethodConnQuery) {
			n++
		}
	}
	return n
}

func TestOTelSpansAndHitsOnBothSides(t *testing.T) {
	// How many spans a miss and a hit have.
	want := map[string][2]int{"below": {1, 0}, "above and below": {2, 1}}
	eachSide(t, func(t *testing.T, side string, db traced) {
		spans, ok := want[side]
		if !ok {
			spans = [2]int{1, 1}
		}
		db.note(t) // reads the catalog as well
		exec(t, db, "UPDATE note SET v = 'uno' WHERE id = $1", 1)
		for pass, n := range spans {
			hit := hits(t, db.h, func() {
				got := db.queries(func() {
					if v := db.note(t); v != "uno" {
						t.Errorf("read %q", v)
					}
				})
				if got != n {
					t.Errorf("read %d: %d spans, want %d", pass+1, got, n)
				}
			})
			if hit != uint64(pass) {
				t.Errorf("read %d: %d hits", pass+1, hit)
			}
		}
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		exec(t, tx, "UPDATE note SET v = 'due' WHERE id = $1", 1)
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if v := db.note(t); v != "due" {
			t.Errorf("stale after the commit: %q", v)
		}
	})
}

func TestOTelRawReachesPgx(t *testing.T) {
	eachSide(t, func(t *testing.T, _ string, db traced) {
		if db.note(t) != "one" || hits(t, db.h, func() { db.note(t) }) != 1 {
			t.Fatal("the row is not kept")
		}
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		err = driver.Raw(t.Context(), conn, func(dc any) error {
			p, ok := dc.(*stdlib.Conn)
			if !ok {
				return fmt.Errorf("a %T", dc)
			}
			_, err := p.Conn().Exec(t.Context(), "UPDATE note SET v = 'raw' WHERE id = 1")
			return err
		}, driver.RawWrites("note"))
		if err != nil {
			t.Fatal(err)
		}
		if v := db.note(t); v != "raw" {
			t.Errorf("stale after Raw: %q", v)
		}
	})
}

func TestOTelHidesTheHandleFromOfAndNotFromOfConn(t *testing.T) {
	eachSide(t, func(t *testing.T, side string, db traced) {
		h, err := driver.Of(db.DB)
		switch {
		case side == "below":
			if err != nil || h != db.h {
				t.Errorf("Of: %v", err)
			}
		case err == nil || !strings.Contains(err.Error(), "OfConn"):
			t.Errorf("Of does not lead to OfConn: %v", err)
		}
	})
}

func TestOTelErrorsKeepTheirMeaning(t *testing.T) {
	eachSide(t, func(t *testing.T, _ string, db traced) {
		ctx := t.Context()
		db.note(t)
		_, err := db.ExecContext(ctx, "INSERT INTO note VALUES ($1, 'again')", 1)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "23505" {
			t.Fatalf("want a unique violation: %v", err)
		}
		if n := db.h.Stats().UnknownOutcomes; n != 0 {
			t.Errorf("the server's refusal counts as unknown")
		}
		// The server ends the session before it is asked to commit.
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		var pid int
		if err := tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
			t.Fatal(err)
		}
		exec(t, tx, "UPDATE note SET v = 'lost' WHERE id = $1", 1)
		var ended bool
		if err := db.plain.QueryRowContext(ctx, "SELECT pg_terminate_backend($1, 10000)", pid).Scan(&ended); err != nil || !ended {
			t.Fatal(ended, err)
		}
		if err := tx.Commit(); err == nil {
			t.Fatal("committed by a session that is gone")
		}
		if n := db.h.Stats().UnknownOutcomes; n != 1 {
			t.Errorf("%d unknown outcomes, want that of the lost commit", n)
		}
		deadline := time.NewTimer(30 * time.Second)
		defer deadline.Stop()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for hits(t, db.h, func() {
			if v := db.note(t); v != "one" {
				t.Fatalf("read %q", v)
			}
		}) == 0 {
			select {
			case <-tick.C:
			case <-deadline.C:
				t.Fatalf("the row is not kept again: %+v", db.h.Stats())
			}
		}
	})
}

// hiding packs an error so that errors.As does not find it.
type hiding struct{ below error }

func (h hiding) Error() string { return "layer: " + h.below.Error() }
func (h hiding) Cause() error  { return h.below }

func TestOutcomeTakesHiddenErrorsOut(t *testing.T) {
	hidden := hiding{hiding{&pgconn.PgError{Code: "23505"}}}
	if driver.OutcomeOf(parse.PostgreSQL, hidden) != driver.Unknown || driver.OutcomeOf(parse.PostgreSQL, cause(hidden)) != driver.Answered {
		t.Error("the refusal of a unique key is not found")
	}
	if driver.OutcomeOf(parse.PostgreSQL, cause(hiding{context.DeadlineExceeded})) != driver.Unknown {
		t.Error("a deadline is no answer")
	}
}

// The trace in a comment makes every text another one above moneyclip. Below it
// the cache has seen the text before.
func TestOTelCommenterBelongsBelow(t *testing.T) {
	for _, above := range []bool{true, false} {
		spans := sdktrace.NewTracerProvider()
		comments := []otelsql.Option{otelsql.WithSQLCommenter(true), otelsql.WithTextMapPropagator(propagation.TraceContext{})}
		b := backend{"pgx", testenv.Postgres(t)}
		exec(t, b.plain(t), "CREATE TABLE note (id bigint PRIMARY KEY, v text); INSERT INTO note VALUES (1, 'one')")
		dsn := with(b.dsn, "moneyclip_store=memory")
		var db *sql.DB
		var err error
		if above {
			db, err = openTracedAbove(dsn, spans, comments...)
		} else {
			var traced string
			if traced, err = otelsql.Register("pgx", append(comments, otelsql.WithTracerProvider(spans))...); err == nil {
				name := fmt.Sprint("commented", slots.Add(1))
				err = driver.Register(name, traced, parse.PostgreSQL)
				if err == nil {
					db, err = sql.Open("moneyclip+"+name, dsn)
				}
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		h, err := driver.OfConn(conn)
		if err != nil {
			t.Fatal(err)
		}
		n := hits(t, h, func() {
			for range 3 {
				ctx, span := spans.Tracer("test").Start(t.Context(), "request")
				var v string
				if err := db.QueryRowContext(ctx, "SELECT v FROM note WHERE id = $1", 1).Scan(&v); err != nil || v != "one" {
					t.Error(v, err)
				}
				span.End()
			}
		})
		if want := map[bool]uint64{true: 0, false: 2}[above]; n != want {
			t.Errorf("above %v: %d hits, want %d", above, n, want)
		}
	}
}
