package policy

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// mostDepth is how deep lists and mappings may stand in each other on one
// line; a policy needs four. The parser's work grows with its square.
const mostDepth = 16

// cleanText returns the file as the parser gets it: UTF-8 without byte order
// mark, lines ended by LF. What is not text at all is a mistake.
func cleanText(m *mistakes, text []byte) string {
	if len(text) > mostFile {
		m.add(place{}, "larger than %d KiB", mostFile>>10)
		return ""
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		m.add(place{1, 1}, "the file is UTF-16: want UTF-8")
		return ""
	}
	source := strings.ReplaceAll(strings.ReplaceAll(string(text), "\r\n", "\n"), "\r", "\n")
	line := 0
	for text := range strings.Lines(source) {
		line++
		checkLine(m, line, strings.TrimSuffix(text, "\n"))
	}
	return source
}

// checkLine looks for what no line of a policy may hold.
func checkLine(m *mistakes, line int, text string) {
	indented, column := true, 0
	for i, r := range text {
		column++
		switch {
		case r == '\t' && indented && strings.Trim(text, " \t") != "":
			m.add(place{line, column}, "a tab in the indentation: want spaces")
			return
		case r == '\t':
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd"):
			m.add(place{line, column}, "not UTF-8: a byte %#02x", text[i])
			return
		case r < ' ' || r == 0x7f || r == '\ufeff':
			m.add(place{line, column}, "a control character: %U", r)
			return
		}
		indented = indented && (r == ' ' || r == '\t')
	}
}

// checkTokens refuses what a policy has no use for, before the parser builds
// anything of it: nothing is expanded, and no file is nested without bound.
func checkTokens(m *mistakes, tokens token.Tokens) {
	flow, entries, line := 0, 0, 0
	for _, t := range tokens {
		at := place{t.Position.Line, t.Position.Column}
		refuse := func(what string) { m.add(at, "%s: write out what is meant", what) }
		switch t.Type {
		case token.AnchorType:
			refuse("an anchor (&)")
		case token.AliasType:
			refuse("an alias (*); a value that begins with * is written in quotes")
		case token.MergeKeyType:
			refuse("a merge key (<<)")
		case token.TagType:
			refuse("a tag (!)")
		case token.DirectiveType:
			refuse("a directive (%)")
		case token.MappingKeyType:
			refuse("a key behind a question mark")
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(flow-1, 0)
		case token.SequenceEntryType:
			if line != at.line {
				line, entries = at.line, 0
			}
			entries++
		}
		if flow > mostDepth || entries > mostDepth {
			m.add(at, "nested too deeply")
			return
		}
	}
}

// oneLine makes one line of a message.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
