package parse

import "strings"

// maxComments is how many comments may stand in a row: marino's lexer calls
// itself for each.
const maxComments = 500

// mysqlMarks is what the scanner notes of a text of MySQL beside its tokens.
type mysqlMarks struct {
	byMode     bool // see Facts.ByMode
	executable bool // a comment that some server runs: /*! … */, /*M! … */, /*T! … */
	setVar     bool // an optimizer hint that sets a variable for the statement
	ambiguous  bool // a place that servers and parsers cut into tokens in different ways
	crowded    bool // more comments in a row than a parser should see
	comments   int  // of the row that is being read
}

// mysqlString returns the end of the string whose opening quote is at i: a
// backslash escapes what follows, a doubled quote stands for itself. With
// NO_BACKSLASH_ESCAPES a backslash is a character like any other, and with
// ANSI_QUOTES a double quote begins a name, so both are noted.
func (s *scanner) mysqlString(i int) int {
	quote := s.text[i]
	s.byMode = s.byMode || quote == '"'
	for i++; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			s.byMode = true
			i++
		case quote:
			if s.at(i+1) != quote {
				return i + 1
			}
			i++
		}
	}
	s.unterminated = true
	return len(s.text)
}

// variable reads @name, @@name, @@scope.name, @'name', @"name" and @`name`.
// False leaves the byte to be punctuation.
func (s *scanner) variable() bool {
	i := s.pos + 1
	if s.at(i) == '@' {
		i++
	}
	switch c := s.at(i); {
	case c == '`':
		i = s.quotedEnd(i, '`')
	case c == '\'' || c == '"':
		i = s.mysqlString(i)
	case isWordPart(c) || c == '.':
		for isWordPart(s.at(i)) || s.at(i) == '.' {
			i++
		}
		if c := s.at(i); c == '`' || c == '\'' || c == '"' {
			// @@session.`name`, or two tokens: no one writes either.
			s.ambiguous = true
		}
	default:
		return false
	}
	s.kind, s.pos = variableToken, i
	return true
}

// dashComment reports whether two dashes begin a comment: only before a blank,
// a control character or the end. Parsers know the blanks alone.
func (s *scanner) dashComment() bool {
	if s.pos+2 >= len(s.text) {
		return true
	}
	c := s.text[s.pos+2]
	if isSpace(c) {
		return true
	}
	s.ambiguous = s.ambiguous || c < ' ' || c == 0x7f || c == 0x85 || c == 0xa0
	return false
}

// mysqlComment looks into a block comment.
func (s *scanner) mysqlComment(text string) {
	if strings.HasPrefix(text, "/*+") {
		s.setVar = s.setVar || strings.Contains(strings.ToLower(text), "set_var")
		s.crowded = s.crowded || strings.Count(text, "(") > maxDepth // hints nest, too
	}
	for {
		_, inner, found := strings.Cut(text, "/*")
		if !found {
			return
		}
		if len(inner) > 0 && (inner[0] == '!' || len(inner) > 1 && inner[1] == '!' && strings.IndexByte("MmTt", inner[0]) >= 0) {
			s.executable = true
			return
		}
		text = inner
	}
}

// dollarQuote notes a word that marino reads as the beginning of a string
// quoted by $tag$, which no server of today does outside of a routine.
func (s *scanner) dollarQuote() {
	word := s.text[s.start:s.pos]
	if word[0] == '$' && strings.IndexByte(word[1:], '$') >= 0 {
		s.ambiguous = true
	}
}
