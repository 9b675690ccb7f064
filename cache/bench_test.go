package cache

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/moneyclip/moneyclip/internal/testenv"
)

// BenchmarkHit compares a hit with the same two commands sent bare through the
// same kind of client, in the same run.
func BenchmarkHit(b *testing.B) {
	const rows = 1000
	entry := make([]byte, 200)
	url := testenv.Redis(b)
	ro, err := redis.ParseURL(url)
	if err != nil {
		b.Fatal(err)
	}
	ro.PipelinePoolSize, ro.ContextTimeoutEnabled, ro.MaxRetries = -1, true, -1
	client := redis.NewClient(ro)
	b.Cleanup(func() { _ = client.Close() })
	overRedis, err := NewRedisURL(url, Options{Namespace: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	inProcess, err := NewMemory(Options{Namespace: b.Name()})
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	keys := make([]Row, rows)
	for i := range keys {
		keys[i] = Row{"authors", fmt.Sprint(i)}
	}
	l := layout{"bench", 1}
	for _, c := range []*Cache{overRedis, inProcess} {
		b.Cleanup(func() { _ = c.Close() })
		if err := c.Register(ctx, []string{"authors"}); err != nil {
			b.Fatal(err)
		}
		if c == overRedis { // no wait for the quarantine
			if err := client.HSet(ctx, l.control("authors", 0), "q", "1").Err(); err != nil {
				b.Fatal(err)
			}
		}
		for _, r := range keys {
			c.Fill(r, c.Lookup(ctx, r, query).Lease, query, entry, time.Hour)
			if err := c.Sync(ctx); err != nil {
				b.Fatal(err)
			}
		}
	}
	hit := func(c *Cache) func(i int) error {
		return func(i int) error {
			if l := c.Lookup(ctx, keys[i%rows], query); l.Outcome != Found {
				return fmt.Errorf("lookup: %v", l.Outcome)
			}
			return nil
		}
	}
	bare := func(i int) error {
		control, key, stripe := l.locate(keys[i%rows])
		pipe := client.Pipeline()
		pipe.HMGet(ctx, key, "g", string(query[:]))
		pipe.HMGet(ctx, control, "g", "rid", "s"+stripe, "k"+stripe, "T")
		_, err := pipe.Exec(ctx)
		return err
	}
	for _, goroutines := range []int{1, 64} {
		for _, c := range []struct {
			name string
			call func(i int) error
		}{{"bare", bare}, {"redis", hit(overRedis)}, {"memory", hit(inProcess)}} {
			b.Run(fmt.Sprintf("%s/%d", c.name, goroutines), func(b *testing.B) {
				b.ReportAllocs()
				b.SetParallelism(goroutines) // times GOMAXPROCS, unless it is one
				if goroutines == 1 {
					for i := 0; b.Loop(); i++ {
						if err := c.call(i); err != nil {
							b.Fatal(err)
						}
					}
					return
				}
				b.RunParallel(func(pb *testing.PB) {
					for i := 0; pb.Next(); i++ {
						if err := c.call(i); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	}
}

// BenchmarkWrite is HOLD and RELEASE of one row.
func BenchmarkWrite(b *testing.B) {
	overRedis, err := NewRedisURL(testenv.Redis(b), Options{Namespace: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	inProcess, err := NewMemory(Options{Namespace: b.Name()})
	if err != nil {
		b.Fatal(err)
	}
	for name, c := range map[string]*Cache{"redis": overRedis, "memory": inProcess} {
		b.Cleanup(func() { _ = c.Close() })
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h, err := c.Hold(context.Background(), rows(alice))
				if err != nil {
					b.Fatal(err)
				}
				h.Release()
			}
			if err := c.Sync(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
