package parse

import "unicode/utf8"

// The bounds within which a parser is run at all. The parsers recurse on the
// goroutine's stack, and a stack overflow cannot be recovered.
const (
	maxText   = 1 << 20
	maxDepth  = 200  // of open parentheses and brackets
	maxHeavy  = 2000 // NOT, CASE, SELECT, JOIN, CREATE and their like, and common table expressions
	maxPrefix = 200  // signs in a row: - - - 1
	maxTree   = 5000 // of a syntax tree that is walked; no server takes a deeper one
)

// survey is what the scanner tells of a text before the parser sees it.
type survey struct {
	tooDeep      bool
	unterminated bool
	backslash    bool

	mysql    mysqlMarks
	encoding bool // MySQL: not UTF-8 outside of strings

	statements int  // statements that hold a token
	writes     bool // a writing keyword stands where it begins a statement or a part of one
	begins     bool // some statement begins with a word that no read begins with
	locks      bool // FOR UPDATE and its like
	words      bool // a writing or locking word stands anywhere at all
	explains   bool // MySQL: the last statement is explained, and not run

	// For a text that is not parsed: what it may be besides a write.
	session     bool
	transaction bool
}

// surveyor walks over the tokens of a text with one token of memory.
type surveyor struct {
	survey
	scan  scanner
	depth int
	heavy int
	signs int

	first    bool    // the next token begins a statement
	before   keyword // of the token before; noKeyword unless it is a word
	atStart  bool    // the last token stands where a statement or a part of one may begin
	pending  keyword // a writing word that the next token may complete
	updating int     // 1 + the depth at which UPDATE waits for its SET; 0: none
	explain  bool    // the statement begins with EXPLAIN …
	analyze  bool    // … and says ANALYZE
	with     bool    // the statement holds WITH

	nest    nesting // MySQL
	setting bool    // the statement begins with SET (MySQL)
}

func surveyText(d Dialect, text string) survey {
	s := surveyor{scan: scanner{dialect: d, text: text}, first: true}
	foreign := d == MySQL && !utf8.ValidString(text)
	previous := byte(0) // the punctuation before, or 0
	for end := 0; s.scan.next(); end = s.scan.end {
		if foreign {
			s.checkEncoding(end)
		}
		c := byte(0)
		if s.scan.kind == punctToken {
			c = text[s.scan.start]
		}
		if c == ';' && s.depth == 0 {
			s.first, s.before, s.pending, s.updating = true, noKeyword, noKeyword, 0
			s.nest, s.setting = nesting{}, false
			previous = c
			continue
		}
		if s.first {
			s.statements++
			s.explain, s.analyze, s.with = false, false, false
		}
		s.atStart = s.first || previous == '(' || previous == ')' && (s.with || s.explain) ||
			s.explain && (s.before == kwExplain || s.before == kwAnalyze || s.before == kwVerbose)
		s.punctuation(c)
		if s.tooDeep {
			break
		}
		kw := noKeyword
		if s.scan.kind == wordToken {
			kw = keywordOf(d, text[s.scan.start:s.scan.end])
		}
		if d == MySQL {
			s.mysqlToken(kw, previous, c)
		} else {
			s.complete(kw)
		}
		s.word(kw, previous, c)
		s.before, previous, s.first = kw, c, false
	}
	s.unterminated, s.backslash, s.mysql = s.scan.unterminated, s.scan.backslash, s.scan.mysqlMarks
	s.explains = d == MySQL && s.explain && !s.analyze
	if s.mysql.crowded {
		s.tooDeep = true
	}
	return s.survey
}

// punctuation counts what nests.
func (s *surveyor) punctuation(c byte) {
	switch c {
	case '(', '[', '{':
		s.depth++
		s.signs = 0
	case ')', ']', '}':
		if s.depth > 0 {
			s.depth--
		}
		s.signs = 0
	case 0:
		s.signs = 0
	default:
		s.signs++
	}
	if s.depth > maxDepth || s.signs > maxPrefix {
		s.tooDeep = true
	}
}

// word looks at one token that is a keyword, or at one that may complete what
// the keyword before it began.
func (s *surveyor) word(kw keyword, previous, c byte) {
	if s.first {
		s.begin(kw, c)
	}
	switch kw {
	case kwNot, kwCase, kwSelect, kwJoin, kwNest, kwInterval, kwDescribe, kwExplain:
		s.weigh()
	case kwAnalyze:
		s.analyze = true
	case kwWith:
		s.with = true
	case kwInsert, kwReplace, kwMerge, kwDelete:
		if s.scan.dialect == MySQL {
			break
		}
		s.words = s.words || kw != kwReplace
		if s.atStart {
			s.pending = kw
		}
	case kwUpdate:
		s.words = true
		if s.before == kwFor || s.before == kwKey {
			s.locks = true
		} else if s.atStart && s.scan.dialect != MySQL {
			s.updating = 1 + s.depth
		}
	case kwShare:
		s.words = true
		s.locks = s.locks || s.before == kwFor || s.before == kwKey || s.before == kwIn
	case kwFor:
		s.words = s.words || s.before == kwValue // NEXT VALUE FOR a sequence
	case kwSet:
		s.words = true
		if s.updating == 1+s.depth {
			s.found()
		}
	case kwInto:
		// Reserved in every dialect: only a name after a dot or AS may be
		// spelled like it.
		s.words = true
		if previous != '.' && s.before != kwAs && s.scan.dialect != MySQL {
			s.found()
		}
	case kwWriting:
		s.words = true
		s.weigh()
	case noKeyword:
		if c == '(' && s.before == kwAs {
			s.weigh() // a common table expression
		}
	}
}

// weigh counts what a parser takes more than linear time or stack for.
func (s *surveyor) weigh() {
	if s.heavy++; s.heavy > maxHeavy {
		s.tooDeep = true
	}
}

// complete looks at the token behind INSERT, REPLACE, MERGE or DELETE at the
// beginning of something: the second word tells it from a column of that
// name.
func (s *surveyor) complete(kw keyword) {
	was := s.pending
	s.pending = noKeyword
	switch {
	case was == noKeyword:
	case kw == kwInto, was == kwInsert && kw == kwOr, was == kwDelete && kw == kwFrom:
		s.found()
	}
}

// found notes a write, unless it is only explained.
func (s *surveyor) found() {
	s.words = true
	if !s.explain || s.analyze {
		s.writes = true
	}
}

// begin looks at the first token of a statement.
func (s *surveyor) begin(kw keyword, c byte) {
	switch kw {
	case kwSelect, kwWith, kwValues, kwTable:
	case kwExplain, kwDescribe:
		s.explain, s.words = true, true
	case kwDo, kwCopy, kwShow, kwNotify, kwCheckpoint:
		s.words = true // reads, but not for the fallback
	case kwInsert, kwReplace, kwUpdate, kwDelete, kwMerge:
		s.words, s.begins = true, true
	default:
		s.words = true
		if kw == kwSet && s.scan.dialect == MySQL {
			s.setting, s.session, s.transaction = true, true, true
			break
		}
		if c != '(' {
			s.begins, s.session = true, true
			// In MySQL whatever is no plain statement may commit first.
			s.transaction = s.transaction || kw == kwTransaction || s.scan.dialect == MySQL
		}
	}
}
