package parse

import "strings"

// queryName reads the name and the command that sqlc writes above a query: a
// comment "name: GetAuthor :one" before the first token.
func queryName(text string) (name, command string) {
	for {
		text = strings.TrimLeft(text, " \t\r\n\f\v;")
		var comment string
		switch {
		case strings.HasPrefix(text, "--"):
			comment, text, _ = strings.Cut(text[2:], "\n")
		case strings.HasPrefix(text, "#"):
			comment, text, _ = strings.Cut(text[1:], "\n")
		case strings.HasPrefix(text, "/*"):
			comment, text, _ = strings.Cut(text[2:], "*/")
		default:
			return "", ""
		}
		rest, ok := strings.CutPrefix(strings.TrimSpace(comment), "name:")
		if !ok {
			continue
		}
		// A block comment may go on below its first line.
		rest, _, _ = strings.Cut(strings.TrimSpace(rest), "\n")
		words := strings.Fields(rest)
		if len(words) == 2 && strings.HasPrefix(words[1], ":") {
			return words[0], words[1]
		}
	}
}
