package driver_test

import (
	"slices"
	"testing"

	"github.com/moneyclip/moneyclip/policy"
)

// A driver that answers ErrSkip to a direct call (MySQL's) has it come by a
// statement: it is one call for those who watch and count.
func TestStatementsOfATransactionAreToldAndCountedOnce(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, "CREATE TABLE t (id bigint NOT NULL PRIMARY KEY, v bigint)", "INSERT INTO t VALUES (1, 1)")
		w := s.open(t)
		if err := w.Ping(); err != nil {
			t.Fatal(err)
		}
		mark, before := w.mark(), w.Stats()
		tx, err := w.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var v int
		mustExec(t, tx, s.q("UPDATE t SET v = 2 WHERE id = $1"), 1)
		if err := tx.QueryRow(s.q("SELECT v FROM t WHERE id = $1"), 1).Scan(&v); err != nil || v != 2 {
			t.Fatal(v, err)
		}
		mustExec(t, tx, s.q("DELETE FROM t WHERE v = $1"), 5)
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		var codes []policy.Code
		events, _ := w.since(mark)
		for _, e := range events {
			codes = append(codes, e.Code)
		}
		want := []policy.Code{policy.InvalidateRow, policy.BypassTransaction, policy.InvalidateTable}
		if !slices.Equal(codes, want) {
			t.Errorf("told %v, want %v", codes, want)
		}
		n := w.Stats().Sub(before)
		if n.Invalidations[policy.InvalidateRow] != 1 || n.Invalidations[policy.InvalidateTable] != 1 || n.Bypasses[policy.BypassTransaction] != 1 {
			t.Errorf("counted %v and %v", n.Invalidations, n.Bypasses)
		}
	})
}
