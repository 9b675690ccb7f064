package policy

import "testing"

// The hot path of every cached read, and its neighbours.
func BenchmarkPlanRead(b *testing.B) {
	r := sqlite(b, `CREATE TABLE ints (id INTEGER PRIMARY KEY, v TEXT)`, `CREATE TABLE texts (id TEXT PRIMARY KEY, v TEXT)`,
		`CREATE TABLE pairs (a TEXT, b INT, v TEXT, PRIMARY KEY (a, b))`, `CREATE TABLE nokey (id INTEGER)`).rules(b, Policy{})
	for _, c := range []struct {
		name string
		text string
		args []any
		code Code
	}{
		{"integer", `SELECT v FROM ints WHERE id = ?`, []any{int64(1234567)}, Miss},
		{"text", `SELECT v FROM texts WHERE id = ?`, []any{"somebody@example.com"}, Miss},
		{"composite", `SELECT v FROM pairs WHERE a = ? AND b = ?`, []any{"somebody", int64(7)}, Miss},
		{"bypass", `SELECT * FROM nokey WHERE id = ?`, []any{int64(7)}, BypassNotPrimaryKey},
	} {
		b.Run(c.name, func(b *testing.B) {
			plan, args := r.planOf(c.text), named(c.args...)
			b.ReportAllocs()
			for b.Loop() {
				if got := plan.Read(args); got.Code != c.code {
					b.Fatal(got.Code)
				}
			}
		})
	}
}

func BenchmarkPlanWrite(b *testing.B) {
	r := sqlite(b, `CREATE TABLE ints (id INTEGER PRIMARY KEY, v TEXT)`).rules(b, Policy{})
	plan, args := r.planOf(`UPDATE ints SET v = ? WHERE id = ?`), named("x", int64(7))
	b.ReportAllocs()
	for b.Loop() {
		if got := plan.Write(args); len(got.Rows) != 1 {
			b.Fatal(got)
		}
	}
}

// Making a plan happens once per text.
func BenchmarkPlan(b *testing.B) {
	r := sqlite(b, `CREATE TABLE ints (id INTEGER PRIMARY KEY, v TEXT)`).rules(b, Policy{})
	facts := r.planOf(`SELECT v FROM ints WHERE id = ?`).Facts
	b.ReportAllocs()
	for b.Loop() {
		if p := r.Plan(facts); p.MayWrite {
			b.Fatal("a read that writes")
		}
	}
}
