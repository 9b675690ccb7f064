package parse

import "strings"

// upward blanks out the part of a migration that undoes it, line by line, as
// the tools themselves read their marks: everything from a mark of the way
// down to the next mark of the way up. Line numbers stay.
//
//	goose        -- +goose Down
//	sql-migrate  -- +migrate Down
//	dbmate       -- migrate:down
//	tern         ---- create above / drop below ----
func upward(text string) string {
	var out strings.Builder
	down, changed := false, false
	for line := range strings.Lines(text) {
		mark := strings.ToLower(strings.TrimSpace(line))
		if strings.HasPrefix(mark, "--") {
			switch {
			case begins(mark, "-- +goose down"), begins(mark, "-- +migrate down"), begins(mark, "-- migrate:down"),
				begins(mark, "---- create above / drop below ----"):
				down, changed = true, true
			case begins(mark, "-- +goose up"), begins(mark, "-- +migrate up"), begins(mark, "-- migrate:up"):
				down = false
			}
		}
		if !down {
			out.WriteString(line)
		} else if strings.HasSuffix(line, "\n") {
			out.WriteByte('\n')
		}
	}
	if !changed {
		return text
	}
	return out.String()
}

// begins reports whether a line begins with a mark, blanks aside.
func begins(line, mark string) bool {
	return strings.HasPrefix(strings.Join(strings.Fields(line), " "), mark) || strings.HasPrefix(line, mark)
}
