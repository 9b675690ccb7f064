package policy

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
)

// mostFile bounds a policy file: some thousands of tables. The parser's work
// grows faster than the file.
const mostFile = 256 << 10

// ReadFile reads a policy file: [Parse] of what is in it. An error of the
// operating system can be told by [errors.Is].
func ReadFile(path string) (Policy, error) {
	f, err := os.Open(path)
	if err != nil {
		return Policy{}, fmt.Errorf("moneyclip: policy: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	if err != nil {
		return Policy{}, fmt.Errorf("moneyclip: policy: %w", err)
	}
	return Parse(path, text)
}

// Parse reads a policy file, which is YAML. The error lists all mistakes that
// can be known without the database, one a line, each with name, line and
// column; [Bind] finds the others. Every field may be left out but the version:
// an empty file is a mistake, so that one that was cut off is not taken for a
// policy. Anchors, aliases, tags and several documents are mistakes too.
func Parse(name string, text []byte) (Policy, error) {
	m := &mistakes{file: name}
	p := Policy{file: &origin{name: name, at: make(map[string]place)}}
	if body := parseFile(m, text); body != nil {
		r := reader{mistakes: m, at: p.file.at}
		r.policy(body, &p)
		p.check(m)
	}
	if err := m.err(); err != nil {
		return Policy{}, err
	}
	return p, nil
}

// parseFile returns the content of the only document; nil where there is none
// that could be looked into.
func parseFile(m *mistakes, text []byte) (body ast.Node) {
	source := cleanText(m, text)
	if len(m.all) > 0 {
		return nil
	}
	// The parser is not ours, and fuzzers have made others of its kind panic.
	defer func() {
		if cause := recover(); cause != nil {
			m.add(place{}, "the text cannot be read as YAML: %v", cause)
			body = nil
		}
	}()
	tokens := lexer.Tokenize(source)
	checkTokens(m, tokens)
	if len(m.all) > 0 {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		addSyntax(m, err)
		return nil
	}
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case body != nil:
			m.add(placeOf(doc.Body), "a second document: want one")
			return body
		default:
			body = doc.Body
		}
	}
	if body == nil {
		m.add(place{1, 1}, "the file is empty: want version: 1 at least")
	}
	return body
}

// addSyntax takes in an error of the parser, which stops at its first.
func addSyntax(m *mistakes, err error) {
	var known yaml.Error
	if errors.As(err, &known) && known.GetToken() != nil {
		at := known.GetToken().Position
		m.add(place{at.Line, at.Column}, "not YAML: %s", oneLine(known.GetMessage()))
		return
	}
	m.add(place{}, "not YAML: %s", oneLine(err.Error()))
}
