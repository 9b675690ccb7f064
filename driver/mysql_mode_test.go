package driver_test

import (
	"testing"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// With NO_BACKSLASH_ESCAPES a string ends earlier than the parser thinks, and
// what follows is another statement: what looks like a read may write.
func TestTextsThatMeanSomethingElseUnderAnotherSQLMode(t *testing.T) {
	const hidden = `SELECT '\', id FROM t WHERE id = 3; UPDATE t SET v = 'new' WHERE id = 1; SELECT '`
	trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
		db, h, _ := g.openWrapped("")
		for _, text := range []string{hidden + `'`, `SELECT '\'; DELETE FROM t WHERE id = 1; -- '`} {
			g.warm(byID1)
			c := g.conn(db)
			g.exec(c, "SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')")
			old := g.warm(byID1)
			before := h.Stats()
			g.ask(g.ctx, c, text) // the rows are of no interest
			if now := g.fresh(byID1); now == old {
				t.Errorf("%s changed nothing: the test says nothing", text)
			}
			if since := h.Stats().Sub(before); since.Invalidations[policy.InvalidateAll] == 0 {
				t.Errorf("%s: %+v", text, since)
			}
		}
	})
	trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
		g.dsn += "&sql_mode=%27NO_BACKSLASH_ESCAPES%27"
		db, _, _ := g.openWrapped("")
		g.warm(byID1)
		g.ask(g.ctx, db, hidden+`'`)
		g.fresh(byID1)
		if got := g.ask(g.ctx, db, byID1); got != "id=1 v=new" {
			t.Errorf("the database has %q", got)
		}
	})
}

// What the two parsers of MySQL do not agree on is neither kept nor trusted.
func TestWhatTheParsersDisagreeOnIsCounted(t *testing.T) {
	trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		before := g.w.Stats()
		g.exec(g.W, "DELETE QUICK FROM t WHERE id = 1")
		if since := g.w.Stats().Sub(before); since.Disagreements != 1 || since.Invalidations[policy.InvalidateAll] != 1 {
			t.Errorf("%+v", since)
		}
		g.fresh(byID1)
		read := "SELECT id, 5--1 AS six FROM t WHERE id = 2"
		for range 3 {
			g.mustBypass(read)
			g.sync()
		}
		if n := g.r.Stats().Sub(driver.Stats{}).Disagreements; n != 1 {
			t.Errorf("%d disagreements, want 1: a text is parsed once", n)
		}
	})
}
