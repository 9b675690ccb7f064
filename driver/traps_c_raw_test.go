package driver_test

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"

	"github.com/moneyclip/moneyclip/driver"
)

func TestC8CopyIn(t *testing.T) {
	trap{inner: "postgres"}.run(t, func(t *testing.T, g *trapRig) {
		const absent = "SELECT id, v FROM t WHERE id = 4"
		g.read(g.R, absent)
		g.changes(func() {
			tx := g.begin(g.W, nil)
			g.exec(tx, "DELETE FROM t WHERE id = 1")
			stmt, err := tx.Prepare(pq.CopyIn("t", "id", "v"))
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range []int{1, 4} {
				if _, err := stmt.Exec(id, "copied"); err != nil {
					t.Fatal(err)
				}
				g.read(g.R, byID1)
				g.read(g.R, absent)
				g.sync()
			}
			if _, err := stmt.Exec(); err != nil {
				t.Fatal(err)
			}
			if err := stmt.Close(); err != nil {
				t.Fatal(err)
			}
			g.commit(tx)
		}, byID1)
		if got := g.fresh(absent); got != "id=4 v=copied" {
			t.Errorf("the database has %q", got)
		}
	})
}

func TestC8CopyFrom(t *testing.T) {
	for _, c := range []struct {
		name string
		opts []driver.RawOption
	}{{"anything", nil}, {"named table", []driver.RawOption{driver.RawWrites("public.t")}}} {
		t.Run(c.name, func(t *testing.T) {
			trap{inner: "pgx"}.run(t, func(t *testing.T, g *trapRig) {
				const absent = "SELECT id, v FROM t WHERE id = 4"
				g.read(g.R, absent)
				conn := g.conn(g.W)
				copied := func(dc any) error {
					sc, ok := dc.(*stdlib.Conn)
					if !ok {
						return fmt.Errorf("the connection is a %T", dc)
					}
					return pgx.BeginFunc(g.ctx, sc.Conn(), func(tx pgx.Tx) error {
						if _, err := tx.Exec(g.ctx, "DELETE FROM t WHERE id = 1"); err != nil {
							return err
						}
						rows := [][]any{{int32(1), "copied"}, {int32(4), "copied"}}
						if _, err := tx.CopyFrom(g.ctx, pgx.Identifier{"t"}, []string{"id", "v"}, pgx.CopyFromRows(rows)); err != nil {
							return err
						}
						g.read(g.R, byID1)
						g.read(g.R, absent)
						return nil
					})
				}
				g.changes(func() {
					if err := driver.Raw(g.ctx, conn, copied, c.opts...); err != nil {
						t.Fatal(err)
					}
				}, byID1)
				if got := g.fresh(absent); got != "id=4 v=copied" {
					t.Errorf("the database has %q", got)
				}
			})
		})
	}
}

func TestC28WritesThroughRaw(t *testing.T) {
	type execer interface {
		ExecContext(context.Context, string, []sqldriver.NamedValue) (sqldriver.Result, error)
	}
	for _, c := range []struct {
		name string
		opts []driver.RawOption
	}{{"anything", nil}, {"named table", []driver.RawOption{driver.RawWrites("t")}}} {
		t.Run(c.name, func(t *testing.T) {
			trap{}.run(t, func(t *testing.T, g *trapRig) {
				conn := g.conn(g.W)
				g.changes(func() {
					err := driver.Raw(g.ctx, conn, func(dc any) error {
						e, ok := dc.(execer)
						if !ok {
							return errors.New("not the driver's own connection")
						}
						if _, ok := dc.(trapConn); ok {
							return errors.New("a layer was not peeled off")
						}
						_, err := e.ExecContext(g.ctx, "UPDATE t SET v = 'raw' WHERE id = 1", nil)
						g.read(g.R, byID1)
						return err
					}, c.opts...)
					if err != nil {
						t.Fatal(err)
					}
				}, byID1)
				// A transaction left open within Raw, ended by the program.
				g.changes(func() {
					err := driver.Raw(g.ctx, conn, func(dc any) error {
						if _, err := dc.(execer).ExecContext(g.ctx, "BEGIN", nil); err != nil {
							return err
						}
						_, err := dc.(execer).ExecContext(g.ctx, "UPDATE t SET v = 'raw again' WHERE id = 1", nil)
						return err
					}, c.opts...)
					if err != nil {
						t.Fatal(err)
					}
					g.read(g.R, byID1)
					g.sync()
					g.exec(conn, "COMMIT")
				}, byID1)
			})
		})
	}
}
