package policy

import (
	"slices"

	"github.com/moneyclip/moneyclip/parse"
)

// mixesTimes reports whether a plain SELECT may turn a TIME into a date, which
// MySQL does by the day's clock where a TIME meets a date in a comparison, a
// CASE or a function. Functions that make a TIME are not taken for pure, so it
// must come from a column, and meet something else: another column of a date,
// a function, a text or an argument. Where nothing of that is in the text the
// column is shown as it is.
func mixesTimes(r *Rules, f *parse.Facts, t *relation, arguments int) bool {
	if !t.times {
		return false
	}
	times, dates := false, false
	for _, c := range f.Select.Columns {
		if at, known := r.ownColumn(t, c.Name); known {
			times = times || t.columns[at].time
			dates = dates || t.columns[at].temporal && !t.columns[at].time
		}
	}
	return times && (dates || arguments > 0 || len(f.Functions) > 0 || len(f.Select.Literals) > 0)
}

// drifts reports whether a name stands for a column, or a star among others for
// one, whose value may change though the row does not.
func (r *Rules) drifts(t *relation, name string) bool {
	if name == "*" {
		return slices.ContainsFunc(t.columns, func(c column) bool { return c.drifts })
	}
	at, known := r.ownColumn(t, name)
	return known && t.columns[at].drifts
}
