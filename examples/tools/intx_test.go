package tools

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
)

// counters opens a database with two rows that count, both kept by the cache.
func counters(t *testing.T, b backend) (db *sql.DB, read func(id int64) (n int64)) {
	t.Helper()
	plain := b.plain(t)
	exec(t, plain, "CREATE TABLE counter (id bigint NOT NULL PRIMARY KEY, n bigint NOT NULL)")
	exec(t, plain, "INSERT INTO counter (id, n) VALUES (1, 0), (2, 0)")
	db = b.cached(t)
	query := b.by("SELECT n FROM counter WHERE id = ?", "SELECT n FROM counter WHERE id = $1", "SELECT n FROM counter WHERE id = ?")
	read = func(id int64) (n int64) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), query, id).Scan(&n); err != nil {
			t.Error(err)
		}
		return n
	}
	read(1)
	read(2)
	if n := hits(t, handle(t, db), func() { read(1); read(2) }); n != 2 {
		t.Fatalf("%d hits of 2", n)
	}
	return db, read
}

func (b backend) increment() string {
	return b.by("UPDATE counter SET n = n + 1 WHERE id = ?", "UPDATE counter SET n = n + 1 WHERE id = $1", "UPDATE counter SET n = n + 1 WHERE id = ?")
}

func TestInTxCommitInvalidatesAndRollbackDoesNot(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		db, read := counters(t, b)
		h := handle(t, db)
		ctx := t.Context()
		add := func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, b.increment(), 1)
			return err
		}
		broken := errors.New("broken")
		if err := InTx(ctx, db, nil, func(tx *sql.Tx) error { return errors.Join(add(tx), broken) }); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if r := recover(); r != "broken" {
					t.Errorf("recovered %v", r)
				}
			}()
			_ = InTx(ctx, db, nil, func(tx *sql.Tx) error {
				if err := add(tx); err != nil {
					t.Error(err)
				}
				panic("broken")
			})
		}()
		if n := hits(t, h, func() {
			if n := read(1); n != 0 {
				t.Errorf("%d after two rollbacks", n)
			}
		}); n != 1 {
			t.Error("a rollback invalidated the row")
		}
		if err := InTx(ctx, db, nil, add); err != nil {
			t.Fatal(err)
		}
		if n := read(1); n != 1 {
			t.Errorf("stale after the commit: %d", n)
		}
		if n := hits(t, h, func() { read(2) }); n != 1 {
			t.Error("the commit invalidated another row as well")
		}
	})
}

// A transaction whose snapshot is older than another's write is refused by
// SQLite and by PostgreSQL at REPEATABLE READ, and runs again.
func TestInTxRunsAgainAfterASerializationFailure(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		if b.driver == "mysql" {
			t.Skip("InnoDB updates the newest version of a row: see the deadlock below")
		}
		// The snapshot is taken by the first statement, not by BEGIN IMMEDIATE.
		b.dsn = strings.Replace(b.dsn, "&_txlock=immediate", "", 1)
		db, read := counters(t, b)
		ctx := t.Context()
		opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead}
		if b.driver == "sqlite3" {
			opts = nil // always
		}
		tries := 0
		err := InTx(ctx, db, opts, func(tx *sql.Tx) error {
			tries++
			var n int64
			if err := tx.QueryRowContext(ctx, "SELECT n FROM counter WHERE id = 1").Scan(&n); err != nil {
				return err
			}
			if tries == 1 { // another process, in between
				exec(t, db, b.increment(), 1)
			}
			_, err := tx.ExecContext(ctx, b.increment(), 1)
			return err
		})
		if err != nil || tries != 2 {
			t.Fatalf("%d tries, %v", tries, err)
		}
		if n := read(1); n != 2 {
			t.Errorf("read %d, want 2", n)
		}
	})
}

func TestInTxRunsAgainAfterADeadlock(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		if b.driver == "sqlite3" {
			t.Skip("SQLite has one writer at a time")
		}
		db, read := counters(t, b)
		ctx := t.Context()
		var tries, met sync.WaitGroup // met: both hold their first row
		met.Add(2)
		for _, order := range [][2]int64{{1, 2}, {2, 1}} {
			tries.Go(func() {
				first := sync.OnceFunc(func() { met.Done(); met.Wait() })
				err := InTx(ctx, db, nil, func(tx *sql.Tx) error {
					if _, err := tx.ExecContext(ctx, b.increment(), order[0]); err != nil {
						return err
					}
					first()
					_, err := tx.ExecContext(ctx, b.increment(), order[1])
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		tries.Wait()
		for _, id := range []int64{1, 2} {
			if n := read(id); n != 2 {
				t.Errorf("row %d: read %d, want 2", id, n)
			}
		}
	})
}

func TestInTxDoesNotRepeatWhatMayHaveHappened(t *testing.T) {
	for _, err := range []error{context.Canceled, sql.ErrConnDone, errors.New("connection reset by peer")} {
		if lost(err) {
			t.Errorf("%v would be tried again", err)
		}
	}
}
