package driver_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/testenv"
)

// BenchmarkGetAuthor reads one row of a thousand as sqlc's code does: by the
// bare driver, and as a hit; beside them the two raw Redis commands that a hit
// is made of, in one pipeline.
//
//	go test ./driver -run '^$' -bench GetAuthor -benchmem
func BenchmarkGetAuthor(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "bench.db")
		benchAuthors(b, "sqlite3", file, "moneyclip+sqlite3", file+"?moneyclip_store=memory")
	})
	for _, name := range []string{"postgres", "pgx"} {
		b.Run(name, func(b *testing.B) {
			dsn, store := testenv.Postgres(b), testenv.Redis(b)
			b.Run("in process", func(b *testing.B) {
				benchAuthors(b, name, dsn, "moneyclip+"+name, dsn+"&moneyclip_store=memory")
			})
			b.Run("redis", func(b *testing.B) {
				benchAuthors(b, name, dsn, "moneyclip+"+name, dsn+"&moneyclip_lease=1s&moneyclip_redis="+store)
			})
		})
	}
	for name, parameters := range map[string]string{"mysql": "?", "mysql interpolated": "?interpolateParams=true&"} {
		b.Run(name, func(b *testing.B) {
			dsn, store := testenv.MariaDB(b)+parameters, testenv.Redis(b)
			b.Run("in process", func(b *testing.B) {
				benchAuthors(b, "mysql", dsn, "moneyclip+mysql", dsn+"moneyclip_store=memory")
			})
			b.Run("redis", func(b *testing.B) {
				benchAuthors(b, "mysql", dsn, "moneyclip+mysql", dsn+"moneyclip_lease=1s&moneyclip_namespace=bench&moneyclip_redis="+store)
			})
		})
	}
	b.Run("raw redis", func(b *testing.B) { benchPipeline(b, testenv.Redis(b)) })
}

const benchQuery = "-- name: GetAuthor :one\nSELECT id, name, bio, balance FROM authors WHERE id = $1"

// benchBound writes placeholders as the driver wants them.
func benchBound(driverName, query string) string {
	if strings.HasSuffix(driverName, "mysql") {
		return numbered.ReplaceAllString(query, "?")
	}
	return query
}

func benchAuthors(b *testing.B, bareName, bareDSN, name, dsn string) {
	bare := openBench(b, bareName, bareDSN)
	for _, q := range []string{
		"DROP TABLE IF EXISTS authors",
		"CREATE TABLE authors (id BIGINT PRIMARY KEY, name TEXT NOT NULL, bio TEXT, balance DOUBLE PRECISION)",
	} {
		if _, err := bare.Exec(q); err != nil {
			b.Fatal(err)
		}
	}
	tx, err := bare.Begin()
	if err != nil {
		b.Fatal(err)
	}
	for id := range 1000 {
		if _, err := tx.Exec(benchBound(bareName, "INSERT INTO authors VALUES ($1, $2, $3, $4)"), id, fmt.Sprint("author ", id), "writes about the sea", float64(id)); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	cached, query := openBench(b, name, dsn), benchBound(name, benchQuery)
	h, err := driver.Of(cached)
	if err != nil {
		b.Fatal(err)
	}
	warm(b, cached, h, query)
	before := h.Stats()
	for _, db := range []struct {
		name string
		db   *sql.DB
	}{{"bare", bare}, {"hit", cached}} {
		b.Run(db.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				readAuthor(b, db.db, query, i%1000)
			}
		})
		b.Run(db.name+" by 64", func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					readAuthor(b, db.db, query, i%1000)
				}
			})
		})
	}
	if s := h.Stats().Sub(before); s.Hits < s.Misses*100 {
		b.Errorf("the reads were not hits: %+v", s)
	}
}

// warm reads every row until all are hits.
func warm(b *testing.B, db *sql.DB, h *driver.Handle, query string) {
	deadline := time.Now().Add(time.Minute)
	for {
		before := h.Stats()
		for id := range 1000 {
			readAuthor(b, db, query, id)
		}
		if err := h.Sync(context.Background()); err != nil {
			b.Fatal(err)
		}
		if h.Stats().Sub(before).Hits == 1000 {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("not warm: %+v", h.Stats())
		}
	}
}

func readAuthor(b *testing.B, db *sql.DB, query string, id int) {
	var a struct {
		id      int64
		name    string
		bio     sql.NullString
		balance float64
	}
	if err := db.QueryRowContext(context.Background(), query, int64(id)).Scan(&a.id, &a.name, &a.bio, &a.balance); err != nil || a.id != int64(id) {
		b.Fatal(a.id, err)
	}
}

func openBench(b *testing.B, name, dsn string) *sql.DB {
	db, err := sql.Open(name, dsn)
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(64)
	db.SetMaxIdleConns(64)
	b.Cleanup(func() { db.Close() })
	return db
}

func benchPipeline(b *testing.B, url string) {
	o, err := redis.ParseURL(url)
	if err != nil {
		b.Fatal(err)
	}
	client := redis.NewClient(o)
	b.Cleanup(func() { client.Close() })
	ctx := context.Background()
	if err := client.HSet(ctx, "row", "g", "0123456789abcdef", "fp", string(make([]byte, 100))).Err(); err != nil {
		b.Fatal(err)
	}
	if err := client.HSet(ctx, "ctl", "g", "0123456789abcdef", "n", "0", "rid", "0123456789abcdef").Err(); err != nil {
		b.Fatal(err)
	}
	read := func() {
		pipe := client.Pipeline()
		pipe.HMGet(ctx, "row", "g", "fp")
		pipe.HMGet(ctx, "ctl", "g", "n", "rid", "s1", "k1", "T")
		if _, err := pipe.Exec(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("pipeline", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read()
		}
	})
	b.Run("pipeline by 64", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				read()
			}
		})
	})
}
