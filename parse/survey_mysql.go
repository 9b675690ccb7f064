package parse

import "unicode/utf8"

// maxCost bounds how often marino may read a part of a text, and maxRead the
// bytes that it may read so.
const (
	maxCost = 256
	maxRead = 1 << 23
)

// nesting follows what marino takes more than linear time or stack for.
//
// Its trees lean: 1+1+1 is as deep as it is long, and the parser walks over
// the tree on the stack. And it guesses: where ((SELECT turns out to be no
// expression in parentheses, all that stands within is read again, and again
// by each guess around it.
type nesting struct {
	levels   []nestingLevel // of open parentheses
	chain    int            // operators of all levels
	parens   int            // opening ones in a row so far
	interval int            // tokens since INTERVAL, itself included; 0: none near
	value    bool           // the token before is a value
}

type nestingLevel struct {
	chain int   // operators since the last comma
	cost  int64 // how often what stands here may be read
	outer int64 // cost of what stands around
	from  bool  // a comma makes the tree deeper
}

// checkEncoding looks at the last token and at what stands before it. A
// string may hold any bytes.
func (s *surveyor) checkEncoding(end int) {
	if !utf8.ValidString(s.scan.text[end:s.scan.start]) ||
		s.scan.kind != valueToken && !utf8.ValidString(s.scan.text[s.scan.start:s.scan.end]) {
		s.encoding = true
	}
}

// mysqlToken looks at one token for what only MySQL's grammar has.
func (s *surveyor) mysqlToken(kw keyword, previous, c byte) {
	if kw == kwTransaction || kw == kwShow {
		s.weigh() // BEGIN nests in a routine, SHOW PARSE_TREE in itself
	}
	if previous == '.' || s.scan.at(s.scan.pos) == '.' {
		s.mysqlNest(noKeyword, c) // beside a dot a keyword is a name
	} else {
		s.mysqlNest(kw, c)
	}
	if c == '|' && s.scan.at(s.scan.pos) == '|' {
		s.scan.byMode = true // PIPES_AS_CONCAT
	}

	// SET @x = 1 is a read, as long as nothing else is set.
	if s.setting && s.depth == 0 && (s.before == kwSet || previous == ',') &&
		(s.scan.kind != variableToken || s.scan.at(s.scan.start+1) == '@') {
		s.begins = true
	}

	// The words of the writes are reserved. INSERT( and REPLACE( are functions,
	// INTO @x sets a variable, and after a dot anything is a name.
	was := s.pending
	s.pending = noKeyword
	switch {
	case (was == kwInsert || was == kwReplace) && c != '(', was == kwInto && s.scan.kind != variableToken:
		s.found()
	}
	if previous == '.' {
		return
	}
	switch kw {
	case kwInsert, kwReplace, kwInto:
		s.pending = kw
	case kwDelete:
		s.found()
	case kwUpdate:
		if s.before != kwFor && s.before != kwKey {
			s.found()
		}
	}
}

// mysqlNest counts how deep and how often the parser has to go.
func (s *surveyor) mysqlNest(kw keyword, c byte) {
	n := &s.nest
	if len(n.levels) == 0 {
		n.levels = append(n.levels, nestingLevel{cost: 1, outer: 1})
	}
	top := &n.levels[len(n.levels)-1]
	parens := n.parens
	n.parens = 0
	s.mysqlInterval(kw, c)
	switch c {
	case '(', '{', '[':
		n.parens = parens + 1
		if s.before == kwJSONValue {
			top.cost *= 2
		}
		n.levels = append(n.levels, nestingLevel{cost: top.cost, outer: top.cost})
		s.afford(top.cost)
	case ')', '}', ']':
		if len(n.levels) > 1 {
			n.chain -= top.chain
			n.levels = n.levels[:len(n.levels)-1]
		}
	case ',':
		if top.from {
			n.grow(1)
			break
		}
		n.chain -= top.chain
		top.chain, top.cost = 0, top.outer
	case 0:
		s.mysqlClause(kw, parens)
	case '.', '?', '\\':
	default:
		n.grow(1)
	}
	n.value = s.scan.kind == valueToken
	if n.chain > maxTree {
		s.tooDeep = true
	}
}

// mysqlClause looks at a word, a name or a value.
func (s *surveyor) mysqlClause(kw keyword, parens int) {
	n := &s.nest
	top := &n.levels[len(n.levels)-1]
	switch kw {
	case kwSelect, kwWith, kwTable, kwValues:
		if parens > 1 && parens < len(n.levels) {
			// The guess is made at each of them, for all that stands within.
			cost := n.levels[len(n.levels)-parens].outer * int64(parens)
			for i := len(n.levels) - parens; i < len(n.levels); i++ {
				n.levels[i].cost, n.levels[i].outer = cost, cost
			}
			s.afford(cost)
		}
		top.from = false
	case kwFrom, kwUpdate:
		top.from = true
	case kwJoin:
		top.from = true
		n.grow(1)
	case kwSet, kwClause:
		top.from = false
	case kwOperator, kwOr:
		n.grow(1)
	case noKeyword:
		if n.value && s.scan.kind == valueToken {
			n.grow(1) // 'a' 'b' is one string
		}
	}
}

// mysqlInterval counts INTERVAL, unless a single token and a unit follow.
func (s *surveyor) mysqlInterval(kw keyword, c byte) {
	n := &s.nest
	top := &n.levels[len(n.levels)-1]
	switch {
	case kw == kwInterval:
		if n.interval > 0 {
			top.cost *= 3
			s.afford(top.cost)
		}
		n.interval = 1
	case n.interval == 1 && c == 0:
		n.interval = 2
	case n.interval == 2 && kw == kwUnit:
		n.interval = 0
	case n.interval > 0:
		n.interval = 0
		top.cost *= 3
		s.afford(top.cost)
	}
}

// afford refuses what would be read too often.
func (s *surveyor) afford(cost int64) {
	if cost > maxCost || cost*int64(len(s.scan.text)) > maxRead && cost > 1 {
		s.tooDeep = true
	}
}

// grow makes the tree of the innermost level deeper.
func (n *nesting) grow(by int) {
	n.levels[len(n.levels)-1].chain += by
	n.chain += by
}
