package parse

import (
	"slices"
	"strings"
)

// upward blanks out the part of a migration that undoes it, line by line, as
// the tools themselves read their marks: everything from a mark of the way
// down to the next mark of the way up. Line numbers stay.
//
//	goose        -- +goose Down
//	sql-migrate  -- +migrate Down
//	dbmate       -- migrate:down
//	tern         ---- create above / drop below ----
//
// unknown is the line, from 1, that looks like such a mark of another tool; 0
// where there is none.
func upward(text string) (up string, unknown int) {
	var out strings.Builder
	down, changed := false, false
	number := 0
	for line := range strings.Lines(text) {
		number++
		if mark, found := strings.CutPrefix(strings.TrimSpace(line), "--"); found {
			words := strings.Fields(strings.ToLower(mark))
			switch {
			case begins(words, "+goose", "down"), begins(words, "+migrate", "down"), begins(words, "migrate:down"),
				begins(words, "--", "create", "above", "/", "drop", "below", "----"):
				down, changed = true, true
			case begins(words, "+goose", "up"), begins(words, "+migrate", "up"), begins(words, "migrate:up"):
				down = false
			case unknown == 0 && !down && slices.Contains(strangeMarks, strings.Join(words, " ")):
				unknown = number
			}
		}
		if !down {
			out.WriteString(line)
		} else if strings.HasSuffix(line, "\n") {
			out.WriteByte('\n')
		}
	}
	if !changed {
		return text, unknown
	}
	return out.String(), unknown
}

// strangeMarks are whole comments that begin the way down in other tools
// (node-pg-migrate, MyBatis, rambler, micrate, Play), or may do so.
var strangeMarks = []string{
	"down", "down:", "!downs", "down migration", "migrate down", "rollback", "rollback:", "undo", "@undo", "//@undo", "// @undo", "rambler down", "+micrate down",
}

const problemDown = "a comment that looks like the mark of a migration's way down, of a tool that is not known here: take out what undoes the migration, or say it with -- +goose Down"

// begins reports whether a mark consists of these words, with others behind
// them or not.
func begins(mark []string, words ...string) bool {
	return len(mark) >= len(words) && slices.Equal(mark[:len(words)], words)
}
