package parse

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const getAuthor = "-- name: GetAuthor :one\nSELECT id, name, bio FROM authors\nWHERE id = $1 LIMIT 1\n"

func TestPlansBuildEachTextOnce(t *testing.T) {
	built := 0
	p := NewPlans(func(text string) string { built++; return strings.ToUpper(text) })
	for range 3 {
		for _, text := range []string{"a", "b", "a"} {
			if got := p.Of(text); got != strings.ToUpper(text) {
				t.Fatalf("%q has the plan %q", text, got)
			}
		}
	}
	if built != 2 {
		t.Errorf("built %d times, want 2", built)
	}
}

func TestPlansAreKeptByTheExactText(t *testing.T) {
	p := NewPlans(func(text string) string { return text })
	for _, text := range []string{"SELECT 1", "select 1", "SELECT 1 ", "SELECT  1"} {
		if got := p.Of(text); got != text {
			t.Errorf("%q has the plan of %q", text, got)
		}
	}
}

func TestLongTextsAreMadeAnewEachTime(t *testing.T) {
	built := 0
	p := NewPlans(func(string) int { built++; return built })
	for _, c := range []struct{ length, want int }{{maxPlanText, 1}, {maxPlanText + 1, 2}} {
		built = 0
		text := strings.Repeat("x", c.length)
		p.Of(text)
		p.Of(text)
		if built != c.want {
			t.Errorf("%d bytes: built %d times, want %d", c.length, built, c.want)
		}
	}
}

func TestPlansAreBoundedByEntriesAndBytes(t *testing.T) {
	for _, length := range []int{20, maxPlanText} {
		p := NewPlans(func(text string) int { return len(text) })
		for i := range 3 * maxPlans {
			p.Of(fmt.Sprintf("%0*d", length, i))
		}
		entries, bytes := 0, 0
		for i := range p.shards {
			s := &p.shards[i]
			for _, generation := range []map[string]int{s.young, s.old} {
				for text := range generation {
					entries++
					bytes += planBase + planShare*len(text)
				}
			}
		}
		if entries > maxPlans || bytes > maxPlanBytes || entries == 0 {
			t.Errorf("texts of %d bytes: %d entries, %d bytes", length, entries, bytes)
		}
	}
}

func TestPlanInUseSurvivesManyOthers(t *testing.T) {
	hot := 0
	p := NewPlans(func(text string) int {
		if text == "hot" {
			hot++
		}
		return 0
	})
	for i := range 10 * maxPlans {
		p.Of(fmt.Sprint(i))
		p.Of("hot")
	}
	if hot != 1 {
		t.Errorf("the plan in use was built %d times", hot)
	}
}

func TestPlansMayBeUsedConcurrently(t *testing.T) {
	var built atomic.Int64
	p := NewPlans(func(text string) *string { built.Add(1); return &text })
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 5000 {
				text := fmt.Sprint(i % 3000)
				if got := *p.Of(text); got != text {
					t.Errorf("%s has the plan of %s", text, got)
					return
				}
			}
		})
	}
	wg.Wait()
	if p.Of("1") != p.Of("1") {
		t.Error("a kept plan is built anew")
	}
}

func TestPlanHitDoesNotAllocate(t *testing.T) {
	p := NewPlans(func(text string) *Facts { return Parse(PostgreSQL, text) })
	p.Of(getAuthor)
	if n := testing.AllocsPerRun(100, func() { p.Of(getAuthor) }); n != 0 {
		t.Errorf("%v allocations per hit", n)
	}
}

func BenchmarkPlanHit(b *testing.B) {
	p := NewPlans(func(text string) *Facts { return Parse(PostgreSQL, text) })
	p.Of(getAuthor)
	b.ReportAllocs()
	for b.Loop() {
		p.Of(getAuthor)
	}
}

func BenchmarkPlanHitParallel(b *testing.B) {
	p := NewPlans(func(text string) *Facts { return Parse(PostgreSQL, text) })
	p.Of(getAuthor)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p.Of(getAuthor)
		}
	})
}

func BenchmarkParseGetAuthor(b *testing.B) {
	for d, text := range map[Dialect]string{PostgreSQL: getAuthor, SQLite: strings.Replace(getAuthor, "$1", "?", 1)} {
		b.Run(d.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Parse(d, text)
			}
		})
	}
}
