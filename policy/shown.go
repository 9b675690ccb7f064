package policy

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shown returns a word of a policy as an error shows it: as it is where it is
// plain, else quoted, and never long.
func shown(word string) string {
	const most = 60
	if len(word) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(word[cut]) {
			cut--
		}
		word = word[:cut] + "…"
	}
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) || r == utf8.RuneError }) {
		return strconv.Quote(word)
	}
	return word
}

// nextRune returns the first character of s, as a rune and as text.
func nextRune(s string) (rune, string) {
	r, size := utf8.DecodeRuneInString(s)
	return r, s[:size]
}
