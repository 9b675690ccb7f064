package parse

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// schemaEngine is a dialect's reader of declarations.
type schemaEngine interface {
	// declarations parses one statement, or several that the script's cut has
	// left together. problem is what is wrong, and what to do.
	declarations(text string) (list []placed, problem string, err error)
}

// placed is a declaration and where it begins in its text. A declaration with
// a problem is none.
type placed struct {
	at       int
	declares Declaration
	problem  string
}

var (
	_ schemaEngine = postgresSchema{}
	_ schemaEngine = sqliteSchema{}
	_ schemaEngine = mysqlSchema{}
)

func schemaEngineOf(d Dialect) schemaEngine {
	switch d {
	case PostgreSQL:
		return postgresSchema{}
	case SQLite:
		return sqliteSchema{}
	case MySQL:
		return mysqlSchema{}
	}
	return nil
}

const mostMistakes = 100

// Declare reads a schema: a text of many statements. It is total, as [Parse]
// is: what is not understood is a [Mistake] with its line, and all mistakes
// are found. Of migrations only the way up is read (goose, sql-migrate,
// dbmate, tern); commands of the database's own client and the data behind
// COPY … FROM stdin are passed over.
func Declare(d Dialect, text string) *Script {
	s := &Script{}
	e := schemaEngineOf(d)
	switch {
	case e == nil:
		s.mistake(1, reasonDialect)
		return s
	case strings.IndexByte(text, 0) >= 0:
		s.mistake(1, reasonNul+": is it SQL, and saved as UTF-8?")
		return s
	case !utf8.ValidString(text):
		s.mistake(1, reasonEncoding+": save it as UTF-8")
		return s
	}
	text, unknown := upward(text)
	if unknown > 0 {
		s.mistake(unknown, problemDown)
	}
	if d == MySQL {
		text = executed(text)
	}
	for _, c := range cutScript(d, text) {
		if len(s.Mistakes) >= mostMistakes {
			s.mistake(c.line, "more mistakes are not listed")
			break
		}
		s.chunk(d, e, c)
	}
	return s
}

func (s *Script) mistake(line int, problem string) {
	s.Mistakes = append(s.Mistakes, Mistake{Line: line, Problem: problem})
}

// chunk reads one piece of the script.
func (s *Script) chunk(d Dialect, e schemaEngine, c chunk) {
	if c.problem != "" {
		s.mistake(c.line, c.problem)
		return
	}
	if len(c.text) > maxText {
		s.mistake(c.line, "a statement longer than 1 MiB: take it out of the schema")
		return
	}
	survey := surveyText(d, c.text)
	switch {
	case survey.tooDeep:
		s.mistake(c.line, reasonTooDeep+": simplify the statement, or take it out of the schema")
		return
	case survey.unterminated:
		s.mistake(c.line, reasonUnscanned)
		return
	case survey.backslash && d == PostgreSQL:
		s.mistake(c.line, reasonBackslash+": write the string as E'…'")
		return
	}
	list, problem, err := guardedSchema(e, c.text)
	switch {
	case err != nil:
		s.mistake(c.line, "syntax error: "+maskedNear(err.Error()))
	case problem != "":
		s.mistake(c.line, problem)
	}
	for _, p := range list {
		at := min(max(p.at, 0), len(c.text))
		line := c.line + strings.Count(c.text[:at], "\n")
		switch {
		case p.problem != "":
			s.mistake(line, p.problem)
		case p.declares != nil:
			s.Statements = append(s.Statements, Statement{Line: line, Text: c.text, Declares: p.declares})
		}
	}
}

// guardedSchema runs a parser and recovers its panic.
func guardedSchema(e schemaEngine, text string) (list []placed, problem string, err error) {
	defer func() {
		if recover() != nil {
			list, problem, err = nil, "the parser panicked: take the statement out of the schema, or write it in another way", nil
		}
	}()
	return e.declarations(text)
}

// shorten returns the beginning of a statement, for a message.
func shorten(text string) string {
	text = masked(strings.Join(strings.Fields(text), " "))
	const most = 60
	if len(text) <= most {
		return strconv.Quote(text)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return strconv.Quote(text[:cut] + "…")
}

// Statements cuts a schema into its statements as [Declare] reads it: each one
// without the semicolon behind it, in the order of the text. It is for those
// who send them one by one.
func Statements(d Dialect, text string) []string {
	text, _ = upward(text)
	if d == MySQL {
		text = executed(text)
	}
	var list []string
	for _, c := range cutScript(d, text) {
		if c.problem == "" {
			list = append(list, c.text)
		}
	}
	return list
}
