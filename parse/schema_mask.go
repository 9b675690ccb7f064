package parse

import "strings"

// masked cuts a piece of a schema off at its first quote, for a message, which
// ends up in logs: schema files hold passwords (CREATE USER), and dumps hold
// rows.
func masked(text string) string {
	if at := strings.IndexAny(text, `'"`); at >= 0 {
		return text[:at+1] + "…"
	}
	return text
}

// maskedNear does so with the piece of the statement that a parser's error
// quotes behind the word near, in quotes of its own.
func maskedNear(message string) string {
	const word = `near "`
	at := strings.Index(message, word)
	if at < 0 {
		return message
	}
	at += len(word)
	end := strings.LastIndexByte(message, '"')
	if end < at {
		return message[:at] + "…"
	}
	return message[:at] + masked(message[at:end]) + message[end:]
}
