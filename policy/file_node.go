package policy

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
	"github.com/moneyclip/moneyclip/internal/nearest"
)

// reader turns the nodes of a policy file into the policy, and notes where
// each part stands.
type reader struct {
	*mistakes
	at map[string]place // by path
}

// node is a value of the file with what is said of it: where it stands, by its
// path, and how a mistake names it.
type node struct {
	ast.Node
	path []string
	what string // such as "table users: ttl"
}

func (n node) place() place { return placeOf(n.Node) }

// owner begins a mistake in n.
func (n node) owner() string {
	if n.what == "" {
		return ""
	}
	return n.what + ": "
}

func placeOf(n ast.Node) place {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key // the mapping's own token is a colon
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return place{t.Position.Line, t.Position.Column}
	}
	return place{}
}

// want notes that a value is not what is wanted.
func (r *reader) want(n node, wanted string) {
	if _, text := scalar(n.Node); text && len(n.path) == 0 {
		// Another file than was meant, perhaps, with secrets in it.
		r.wrong(n, "want %s, not a text: is this the policy file?", wanted)
		return
	}
	r.wrong(n, "%swant %s, not %s", n.owner(), wanted, found(n.Node))
}

// wrong notes a mistake in a value.
func (r *reader) wrong(n node, format string, args ...any) {
	r.spoilt(n.path)
	r.add(n.place(), format, args...)
}

// found says what stands in the file.
func found(n ast.Node) string {
	switch n := n.(type) {
	case *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.LiteralNode:
		return "a block of text"
	case *ast.StringNode:
		if t := n.GetToken().Type; t == token.SingleQuoteType || t == token.DoubleQuoteType {
			if text := shown(n.Value); strings.HasPrefix(text, `"`) {
				return "the text " + text
			}
			return "the text " + strconv.Quote(shown(n.Value))
		}
		return shown(n.Value)
	}
	if t := n.GetToken(); t != nil {
		return shown(t.Value)
	}
	return "that"
}

// field is one known key of a mapping and what is done with its value.
type field struct {
	name string
	read func(node)
}

// object reads a mapping whose keys are known. what names its owner in
// mistakes; empty for the file itself.
func (r *reader) object(n node, fields []field) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	r.mapping(n, "a mapping of "+strings.Join(names, ", "), func(key string, at place, value node) {
		value.what = n.owner() + key
		for _, f := range fields {
			if f.name == key {
				f.read(value)
				return
			}
		}
		r.spoilt(n.path)
		if len(fields) == 1 {
			r.add(at, "%sunknown key %s: want %s", n.owner(), shown(key), names[0])
			return
		}
		r.add(at, "%sunknown key %s: did you mean %s?", n.owner(), shown(key), nearest.Of(key, names))
	})
}

// mapping calls each for every pair of a mapping, and notes its place.
func (r *reader) mapping(n node, wanted string, each func(key string, at place, value node)) {
	var pairs []*ast.MappingValueNode
	switch m := n.Node.(type) {
	case *ast.MappingNode:
		pairs = m.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{m}
	default:
		r.want(n, wanted)
		return
	}
	seen := make(map[string]place, len(pairs))
	for _, pair := range pairs {
		at := placeOf(pair.Key)
		key, ok := scalar(pair.Key)
		if !ok {
			r.add(at, "%sa key that is no plain word", n.owner())
			continue
		}
		if first, twice := seen[key]; twice {
			r.add(at, "%s%s is given twice: the first is in line %d", n.owner(), shown(key), first.line)
			continue
		}
		seen[key] = at
		path := append(append([]string{}, n.path...), key)
		r.at[pathOf(path...)] = at
		each(key, at, node{Node: pair.Value, path: path})
	}
}

// scalar returns a plain value as it is written.
func scalar(n ast.Node) (text string, ok bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	case *ast.NullNode:
		// A key may be called null; a value that is not there is none.
		t := n.GetToken()
		return t.Value, t.Value == "null" || t.Value == "~"
	}
	return "", false
}

// value returns a plain value that is not null.
func value(n ast.Node) (string, bool) {
	if _, null := n.(*ast.NullNode); null {
		return "", false
	}
	return scalar(n)
}

func (r *reader) bool(to func(bool)) func(node) {
	return func(n node) {
		if b, ok := n.Node.(*ast.BoolNode); ok {
			to(b.Value)
			return
		}
		r.want(n, "true or false")
	}
}

func (r *reader) text(to *string, wanted string) func(node) {
	return func(n node) {
		text, ok := value(n.Node)
		if !ok || text == "" {
			r.want(n, wanted)
			return
		}
		*to = text
	}
}

// texts reads a list of plain values. none is called for an empty one.
func (r *reader) texts(to *[]string, wanted string, none func()) func(node) {
	return func(n node) {
		list, ok := n.Node.(*ast.SequenceNode)
		if !ok {
			r.want(n, wanted)
			return
		}
		if len(list.Values) == 0 {
			none()
		}
		for _, item := range list.Values {
			if text, ok := value(item); ok && text != "" {
				*to = append(*to, text)
			} else {
				r.want(node{Node: item, what: n.what, path: n.path}, wanted)
			}
		}
	}
}

// duration reads a Go duration. zero is called for one of 0; nil: that is a
// mistake.
func (r *reader) duration(to *time.Duration, zero func()) func(node) {
	return func(n node) {
		text, ok := value(n.Node)
		d, err := time.ParseDuration(text)
		switch {
		case !ok || err != nil:
			r.want(n, "a duration such as 10m")
		case d == 0 && zero == nil:
			r.wrong(n, "%s %s: want at least %v", n.what, shown(text), leastTTL)
		case d == 0:
			zero()
		default:
			*to = d
		}
	}
}

// percent reads a share such as 10%.
func (r *reader) percent(to *float64, zero func()) func(node) {
	return func(n node) {
		text, ok := value(n.Node)
		number, percent := strings.CutSuffix(text, "%")
		share, err := strconv.ParseFloat(number, 64)
		switch {
		case !ok || err != nil || !percent && share != 0 || !(share >= 0 && share < 100):
			r.want(n, "a share of the ttl such as 10%, below 100%")
		case share == 0:
			zero()
		default:
			*to = share / 100
		}
	}
}

var (
	sizeForm  = regexp.MustCompile(`^([0-9]{1,15}) ?(B|KB|KiB|MB|MiB)$`)
	sizeUnits = map[string]int64{"B": 1, "KB": 1000, "KiB": 1 << 10, "MB": 1000 * 1000, "MiB": 1 << 20}
)

// size reads a number of bytes.
func (r *reader) size(to *int) func(node) {
	return func(n node) {
		text, ok := value(n.Node)
		form := sizeForm.FindStringSubmatch(text)
		if !ok || form == nil {
			r.want(n, "a size such as 64KiB (B, KB, KiB, MB, MiB)")
			return
		}
		count, err := strconv.ParseInt(form[1], 10, 64)
		unit := sizeUnits[form[2]]
		switch {
		case err != nil || count > math.MaxInt32/unit: // far above the limit
			r.wrong(n, "%s %s: want at most %dMiB", n.what, shown(text), mostMaxEntry>>20)
		case count == 0:
			r.wrong(n, "%s %s: want at least 1B", n.what, shown(text))
		default:
			*to = int(count * unit)
		}
	}
}
