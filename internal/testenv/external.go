package testenv

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// claimDatabase finds an empty database of a running Redis, from number 1 on,
// and marks it as taken in database 0, for other test binaries that use the
// same server. The test's end empties it and gives it back.
func claimDatabase(t testing.TB, server string) string {
	t.Helper()
	opts, err := redis.ParseURL(server)
	if err != nil {
		t.Fatal("testenv: MONEYCLIP_TEST_REDIS is not a Redis URL") // the error may hold the password
	}
	opts.DB = 0
	claims := redis.NewClient(opts)
	t.Cleanup(func() { _ = claims.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for n := 1; ; n++ {
		claim := "moneyclip:testenv:database:" + strconv.Itoa(n)
		// The hour is for a binary that was killed and could not give it back.
		mine, err := claims.SetNX(ctx, claim, os.Getpid(), time.Hour).Result()
		if err != nil {
			t.Fatalf("testenv: claim a database of MONEYCLIP_TEST_REDIS: %v", err)
		}
		if !mine {
			continue
		}
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := claims.Del(ctx, claim).Err(); err != nil {
				t.Errorf("testenv: give back database %d: %v", n, err)
			}
		})
		of := *opts
		of.DB = n
		db := redis.NewClient(&of)
		t.Cleanup(func() { _ = db.Close() })
		size, err := db.DBSize(ctx).Result()
		if err != nil {
			t.Fatalf("testenv: no free database in MONEYCLIP_TEST_REDIS up to number %d: %v", n, err)
		}
		if size > 0 {
			continue // somebody's data
		}
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := db.FlushDB(ctx).Err(); err != nil {
				t.Errorf("testenv: empty database %d: %v", n, err)
			}
		})
		return withPath(t, server, "/"+strconv.Itoa(n))
	}
}

// createDatabase makes an empty database on the server of a URL and returns
// the URL with its name.
func createDatabase(t testing.TB, server string) string {
	t.Helper()
	name := "moneyclip_" + strconv.FormatUint(rand.Uint64(), 36)
	// template0 may be copied while others are connected to template1.
	if err := execPostgres(server, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatalf("testenv: create database: %v", err)
	}
	t.Cleanup(func() {
		if err := execPostgres(server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("testenv: drop database: %v", err)
		}
	})
	return withPath(t, server, "/"+name)
}

func execPostgres(server, query string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, query)
	return errors.Join(err, conn.Close(ctx))
}

// createMySQLDatabase makes an empty database on the server of a DSN and
// returns the DSN with its name.
func createMySQLDatabase(t testing.TB, server string) string {
	t.Helper()
	name := "moneyclip_" + strconv.FormatUint(rand.Uint64(), 36)
	server = withMySQLDatabase(t, server, "")
	if err := execMySQL(server, func(ctx context.Context, conn *sql.Conn) error {
		_, err := conn.ExecContext(ctx, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4")
		return err
	}); err != nil {
		t.Fatalf("testenv: create database: %v", err)
	}
	t.Cleanup(func() {
		if err := execMySQL(server, func(ctx context.Context, conn *sql.Conn) error { return dropMySQL(ctx, conn, name) }); err != nil {
			t.Errorf("testenv: drop database: %v", err)
		}
	})
	return withMySQLDatabase(t, server, name)
}

// dropMySQL drops a database after ending the connections to it: one that has
// read of its tables in an open transaction would keep it from being dropped.
func dropMySQL(ctx context.Context, conn *sql.Conn, name string) error {
	rows, err := conn.QueryContext(ctx, "SELECT id FROM information_schema.processlist WHERE db = '"+name+"'")
	if err != nil {
		return err
	}
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return errors.Join(err, rows.Close())
		}
		ids = append(ids, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, id := range ids {
		_, _ = conn.ExecContext(ctx, "KILL CONNECTION "+id) // it may have ended by itself
	}
	_, err = conn.ExecContext(ctx, "DROP DATABASE "+name)
	return err
}

func execMySQL(server string, f func(context.Context, *sql.Conn) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	db, err := sql.Open("mysql", server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(ctx, conn), conn.Close())
}

// withPath returns a URL with another path.
func withPath(t testing.TB, given, path string) string {
	t.Helper()
	u, err := url.Parse(given)
	if err != nil || u.Host == "" {
		t.Fatal("testenv: the server of the environment is not given as a URL") // the error may hold the password
	}
	u.Path = path
	return u.String()
}
