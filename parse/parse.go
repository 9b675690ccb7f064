package parse

import (
	"strings"
	"unicode/utf8"
)

// engine is a dialect's parser together with the walk over its tree.
//
// facts parses the text and returns its facts, without name and command. An
// error means that the parser did not accept the text; whatever the parser
// accepts has facts, of kind Opaque where the walk meets something unknown.
// A panic is the caller's to recover.
type engine interface {
	facts(text string) (*Facts, error)
}

var (
	_ engine = postgres{}
	_ engine = sqlite{}
	_ engine = mysqlEngine{}
)

func engineOf(d Dialect) engine {
	switch d {
	case PostgreSQL:
		return postgres{}
	case SQLite:
		return sqlite{}
	case MySQL:
		return mysqlEngine{}
	}
	return nil
}

// Parse returns the facts of a text. It is total: whatever the text, it
// returns facts (of kind [Opaque] where the text is not understood), never
// nil, and does not panic. It may be called concurrently.
//
// A text that was not parsed at all may do anything: where it may concern the
// session or a transaction, Session is set and TxControl is TxSeveral.
func Parse(d Dialect, text string) *Facts {
	f := parse(d, text)
	f.Query, f.Command = queryName(text)
	return f
}

func parse(d Dialect, text string) *Facts {
	e := engineOf(d)
	switch {
	case e == nil:
		return unread(reasonDialect)
	case len(text) > maxText:
		return unread(reasonTooLong)
	case strings.IndexByte(text, 0) >= 0:
		// A server that takes text as a C string sees less than we do.
		return unread(reasonNul)
	case d == PostgreSQL && !utf8.ValidString(text):
		return unread(reasonEncoding)
	}
	s := surveyText(d, text)
	f := surveyed(d, e, text, s)
	f.ByMode = s.mysql.byMode
	return f
}

// surveyed are the facts of a text that the surveyor has seen.
func surveyed(d Dialect, e engine, text string, s survey) *Facts {
	switch {
	case s.tooDeep:
		return unread(reasonTooDeep)
	case s.backslash:
		return unread(reasonBackslash)
	case s.unterminated:
		return unread(reasonUnscanned)
	case s.encoding:
		return unread(reasonEncoding)
	case s.mysql.executable:
		return unread(reasonExecutable)
	case s.mysql.setVar:
		return unread(reasonSetVar)
	case s.mysql.ambiguous:
		return unread(reasonAmbiguous)
	}
	f, err := guarded(e, text)
	switch {
	case f != nil && f.Panicked:
		return f
	case err != nil:
		return scanned(d, text, s)
	}
	return vetoed(f, s)
}

// unread are the facts of a text that neither a parser nor the scanner knows.
func unread(reason string) *Facts {
	return &Facts{Reason: reason, Session: true, TxControl: TxSeveral}
}

// guarded runs a parser and recovers its panic.
func guarded(e engine, text string) (f *Facts, err error) {
	defer func() {
		if recover() != nil {
			f, err = unread(reasonPanic), nil
			f.Panicked = true
		}
	}()
	return e.facts(text)
}

// vetoed is the second opinion on what the parser called a read: if the
// scanner saw a writing keyword where it begins a statement or a part of one,
// or another number of statements, one of the two is wrong. FOR UPDATE is no
// write; where the scanner saw one that the parser did not, it is taken.
func vetoed(f *Facts, s survey) *Facts {
	f.Locks = f.Locks || s.locks && f.Kind == Read
	if f.Kind != Read || !s.writes && !s.begins && s.statements == f.Statements {
		return f
	}
	v := *f
	v.Kind, v.Reason, v.Select, v.Statements = Opaque, reasonVeto, nil, 0
	return &v
}

// scanned are the facts of a text that the parser did not accept. One
// statement that begins as a read does, without any word that writes or
// locks, is a read whose tables are not known; its functions are. So is one
// that MySQL only explains, whatever its words.
func scanned(d Dialect, text string, s survey) *Facts {
	if s.statements != 1 || s.words && !s.explains {
		f := &Facts{Reason: reasonSyntax, Session: s.session}
		if s.transaction {
			f.TxControl = TxSeveral
		}
		return f
	}
	f := &Facts{Kind: Read, Reason: reasonScanned, Statements: 1, Scanned: true}
	f.Functions, f.Operators = callsIn(d, text)
	return f
}

// callsIn lists every name before a parenthesis, and in PostgreSQL every
// operator: what an unparsed text may call.
func callsIn(d Dialect, text string) ([]Function, []string) {
	var (
		functions set[Function]
		operators set[string]
		last      Function // the last two parts of the dotted name so far
		dot       bool     // the token before was a dot
		operator  int      // where the operator began; -1 outside of one
	)
	operator = -1
	s := scanner{dialect: d, text: text}
	for more := true; more; {
		end := s.end // of the token before
		more = s.next()
		token := text[s.start:s.end]
		isOp := d == PostgreSQL && s.kind == punctToken && isOperator(token[0])
		if operator >= 0 && (!isOp || !isOperator(text[s.start-1])) {
			operators.add(text[operator:end])
			operator = -1
		}
		if isOp && operator < 0 {
			operator = s.start
		}
		kw := noKeyword
		if s.kind == wordToken {
			kw = keywordOf(d, token)
		}
		switch {
		case s.kind == variableToken:
			functions.add(Function{Name: strings.ToLower(token)})
			last = Function{}
		case s.kind == quotedToken, s.kind == wordToken && (dot || kw == noKeyword || kw == kwReplace):
			if s.kind == quotedToken {
				token = unquote(token)
			} else if d == PostgreSQL {
				token = strings.ToLower(token)
			}
			if d == MySQL {
				token = strings.ToLower(token)
			}
			if !dot {
				last = Function{}
			}
			last = Function{Schema: last.Name, Name: token}
		case token == "." && last.Name != "":
		case token == "(" && last.Name != "":
			functions.add(last)
			last = Function{}
		default:
			last = Function{}
		}
		dot = token == "."
	}
	return functions.list, operators.list
}

// unquote returns the name that a quoted identifier spells.
func unquote(token string) string {
	open := strings.IndexAny(token, "\"`[")
	if open < 0 || len(token) < open+2 {
		return token
	}
	quote := token[open : open+1]
	return strings.ReplaceAll(token[open+1:len(token)-1], quote+quote, quote)
}

func isOperator(c byte) bool { return strings.IndexByte("+-*/<>=~!@#%^&|`?", c) >= 0 }
