package parse

// tokenKind is the little that has to be known of a token to tell writing
// words from names and values.
type tokenKind uint8

const (
	endToken      tokenKind = iota
	wordToken               // an unquoted identifier or keyword
	quotedToken             // a quoted identifier
	valueToken              // a string, a number
	paramToken              // $1, ?, ?2, :name
	variableToken           // @name, @@name (MySQL)
	punctToken              // any other byte
)

// scanner cuts a text into tokens without copying. It knows quotes, comments
// and numbers of the dialect, and nothing of its grammar, so that it does not
// share the parser's mistakes.
type scanner struct {
	dialect Dialect
	text    string
	pos     int

	// The last token.
	kind       tokenKind
	start, end int

	unterminated bool // a quote, or a comment where that is an error
	backslash    bool // a backslash stands before a quote outside of E'…': see stringEnd

	mysqlMarks // what only MySQL knows
}

// next reads the next token; false at the end.
func (s *scanner) next() bool {
	s.skip()
	s.start = s.pos
	if s.pos >= len(s.text) {
		s.kind, s.end = endToken, s.pos
		return false
	}
	c := s.text[s.pos]
	switch {
	case s.dialect == MySQL && (c == '\'' || c == '"'):
		s.kind, s.pos = valueToken, s.mysqlString(s.pos)
	case c == '@' && s.dialect == MySQL && s.variable():
	case c == '\'':
		s.kind, s.pos = valueToken, s.stringEnd(s.pos, false)
	case c == '"', c == '`' && s.dialect != PostgreSQL:
		s.kind, s.pos = quotedToken, s.quotedEnd(s.pos, c)
	case c == '[' && s.dialect == SQLite:
		s.kind, s.pos = quotedToken, s.quotedEnd(s.pos, ']')
	case isWordStart(c), c == '$' && s.dialect == MySQL:
		s.word()
	case isDigit(c) || c == '.' && isDigit(s.at(s.pos+1)):
		// Letters are left to the next token: where a server reads 1OR as
		// two tokens, OR must not be lost.
		s.kind = valueToken
		for isDigit(s.at(s.pos)) || s.at(s.pos) == '.' {
			s.pos++
		}
	case c == '$' && s.dialect == PostgreSQL:
		s.dollar()
	case c == '?' && s.dialect != PostgreSQL:
		s.kind = paramToken
		for s.pos++; isDigit(s.at(s.pos)); s.pos++ {
		}
	case (c == ':' || c == '@' || c == '$' || c == '#') && s.dialect == SQLite && s.namedParam():
	default:
		s.kind = punctToken
		s.pos++
	}
	s.end = s.pos
	return true
}

// skip passes over blanks and comments.
func (s *scanner) skip() {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case isSpace(c):
			s.pos++
		case c == '-' && s.at(s.pos+1) == '-' && (s.dialect != MySQL || s.dashComment()),
			c == '#' && s.dialect == MySQL:
			s.comments++
			for s.pos < len(s.text) && s.text[s.pos] != '\n' &&
				!(s.dialect == PostgreSQL && s.text[s.pos] == '\r') {
				s.pos++
			}
		case c == '/' && s.at(s.pos+1) == '*':
			s.comments++
			start := s.pos
			s.comment()
			if s.dialect == MySQL {
				s.mysqlComment(s.text[start:s.pos])
			}
		default:
			s.crowded = s.crowded || s.comments > maxComments
			s.comments = 0
			return
		}
	}
	s.crowded = s.crowded || s.comments > maxComments
}

// comment passes over a block comment, which nests in PostgreSQL, and which
// SQLite ends silently at the end of the text.
func (s *scanner) comment() {
	depth := 1
	for s.pos += 2; s.pos < len(s.text); s.pos++ {
		switch {
		case s.text[s.pos] == '*' && s.at(s.pos+1) == '/':
			s.pos++
			if depth--; depth == 0 {
				s.pos++
				return
			}
		case s.dialect == PostgreSQL && s.text[s.pos] == '/' && s.at(s.pos+1) == '*':
			s.pos++
			depth++
		}
	}
	s.unterminated = s.unterminated || s.dialect != SQLite
}

// word reads an unquoted word, or the string that its letter introduces:
// E'…', B'…', X'…', N'…', U&'…' and U&"…".
func (s *scanner) word() {
	s.kind = wordToken
	for s.pos++; isWordPart(s.at(s.pos)); s.pos++ {
	}
	if s.dialect == MySQL {
		s.dollarQuote()
		return
	}
	if s.pos-s.start != 1 {
		return
	}
	switch c, q := s.text[s.start]|0x20, s.at(s.pos); {
	case c == 'x' && q == '\'':
		s.kind, s.pos = valueToken, s.stringEnd(s.pos, false)
	case s.dialect != PostgreSQL:
	case q == '\'' && (c == 'e' || c == 'b' || c == 'n'):
		s.kind, s.pos = valueToken, s.stringEnd(s.pos, c == 'e')
	case c == 'u' && q == '&' && s.at(s.pos+1) == '\'':
		s.kind, s.pos = valueToken, s.stringEnd(s.pos+1, false)
	case c == 'u' && q == '&' && s.at(s.pos+1) == '"':
		s.kind, s.pos = quotedToken, s.quotedEnd(s.pos+1, '"')
	}
}

// stringEnd returns the end of the string whose opening quote is at i.
//
// With standard_conforming_strings off, PostgreSQL reads '\' as the beginning
// of a longer string; which of the two it is depends on the session, so such
// a text is marked. A run of two backslashes ends the same way in both.
func (s *scanner) stringEnd(i int, escapes bool) int {
	run := 0 // of backslashes before i
	for i++; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			run++
			if escapes {
				i++
				run = 0
			}
			continue
		case '\'':
			if run%2 == 1 && s.dialect != SQLite {
				s.backslash = true
			}
			if s.at(i+1) != '\'' {
				return i + 1
			}
			i++
		}
		run = 0
	}
	s.unterminated = true
	return len(s.text)
}

// quotedEnd returns the end of the quoted identifier that begins at i. A
// doubled quote stands for itself, except in [brackets].
func (s *scanner) quotedEnd(i int, quote byte) int {
	for i++; i < len(s.text); i++ {
		if s.text[i] == quote {
			if quote == ']' || s.at(i+1) != quote {
				return i + 1
			}
			i++
		}
	}
	s.unterminated = true
	return len(s.text)
}

// dollar reads $1, or a string quoted by $tag$.
func (s *scanner) dollar() {
	i := s.pos + 1
	if isDigit(s.at(i)) {
		for isDigit(s.at(i)) {
			i++
		}
		s.kind, s.pos = paramToken, i
		return
	}
	if isWordStart(s.at(i)) {
		for i++; isWordPart(s.at(i)) && s.at(i) != '$'; i++ {
		}
	}
	if s.at(i) != '$' {
		s.kind = punctToken
		s.pos++
		return
	}
	tag := s.text[s.pos : i+1]
	s.kind = valueToken
	for i++; i+len(tag) <= len(s.text); i++ {
		if s.text[i] == '$' && s.text[i:i+len(tag)] == tag {
			s.pos = i + len(tag)
			return
		}
	}
	s.unterminated = true
	s.pos = len(s.text)
}

// namedParam reads :name, @name, $name with the suffixes that SQLite allows:
// $name::part(anything). False leaves the byte to be punctuation.
func (s *scanner) namedParam() bool {
	i := s.pos + 1
	for isWordPart(s.at(i)) || s.at(i) == ':' && s.at(i+1) == ':' {
		if s.at(i) == ':' {
			i++
		}
		i++
	}
	if i == s.pos+1 {
		return false
	}
	if s.at(i) == '(' {
		j := i
		for j < len(s.text) && s.text[j] != ')' && !isSpace(s.text[j]) {
			j++
		}
		if s.at(j) == ')' {
			i = j + 1
		}
	}
	s.kind, s.pos = paramToken, i
	return true
}

// at returns the byte at i, 0 past the end.
func (s *scanner) at(i int) byte {
	if i < len(s.text) {
		return s.text[i]
	}
	return 0
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWordStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= 0x80
}

func isWordPart(c byte) bool { return isWordStart(c) || isDigit(c) || c == '$' }
