package policy

import "github.com/moneyclip/moneyclip/parse"

// computedColumn is a generated column that is computed when it is read.
type computedColumn struct {
	r    *relation
	at   int
	expr *parse.Select // nil where more than the row, or something unknown, is in it
}

// parseComputed reads the expression of a generated column, as the server shows
// it. MariaDB lets it call now(), rand() or connection_id().
func (c *Catalog) parseComputed(expression string) *parse.Select {
	for _, text := range [...]string{expression, unescaped(expression)} { // MySQL escapes quotes
		f := parse.Parse(parse.MySQL, "SELECT "+text+" FROM computed")
		if f.Select != nil && len(f.Tables) == 1 {
			if c.code.all(f).impure != "" {
				return nil
			}
			return f.Select
		}
	}
	return nil
}

// markDrifting finds the columns whose value may change though the row does
// not: those that are computed from something else, from a TIME, which may
// become a date by the day's clock, or from one of these.
func markDrifting(computed []computedColumn) {
	for changed := true; changed; {
		changed = false
		for _, column := range computed {
			own := &column.r.columns[column.at]
			if !own.drifts && !column.fixed() {
				own.drifts, changed = true, true
			}
		}
	}
}

func (c *computedColumn) fixed() bool {
	if c.expr == nil {
		return false
	}
	for _, name := range c.expr.Columns {
		at := c.r.find(lowerASCII(name.Name))
		if at < 0 || c.r.columns[at].time || c.r.columns[at].drifts {
			return false
		}
	}
	return true
}
