package policy

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

// Queryer asks the database. The driver implements it over one of its own
// connections; values are as the driver gives them.
type Queryer interface {
	Query(ctx context.Context, sql string) (rows [][]any, err error)
}

// Catalog is what the database has. It is immutable once made, and may be used
// concurrently. The zero Catalog knows no table: every read of it bypasses and
// every write invalidates everything.
type Catalog struct {
	dialect parse.Dialect
	path    []string // schemas in which an unqualified name is looked for, in order
	folds   bool     // MySQL: names of tables and schemas are compared without case
	tables  map[parse.Table]*relation
	byName  map[string][]*relation // all schemas
	code    routines
	digest  [16]byte
}

// relation is a table, or what else can be named like one.
type relation struct {
	id            parse.Table // as the dialect resolves it; SQLite, and MySQL where it folds: lower case
	canonical     string
	columns       []column
	position      map[string]int // by name as the dialect resolves it
	key           []int          // positions of the primary key's columns, in its order
	rowid         int            // SQLite: position of the rowid's alias, else -1
	uniques       int            // unique indexes other than the primary key's
	triggers      []string       // names of its triggers, each of which may do anything unless its effects are declared
	replaces      bool           // SQLite: a conflict clause in the schema may delete other rows
	referenced    bool           // by a foreign key of another table, or of its own
	actions       bool           // by one that does more than refuse
	hiddenActions string         // why actions must be assumed, where none is known
	refused       Code           // why its rows are not cached; meaningless where base is true and reason is empty
	reason        string
	base          bool   // a plain table that is understood
	writesAll     string // why a write to it invalidates everything, whatever its triggers do; empty if it need not
	readsRun      string // why reading it may run user code that writes; empty if it cannot
	clockLiterals bool   // it has a column that a text literal is compared with by the day's clock
	times         bool   // MySQL: it has a column of the type TIME, which becomes a date by the day's clock
}

// column is one column of a relation.
type column struct {
	name      string
	pair      pair
	why       string // why there is no exact pair
	hidden    bool   // not among the columns of an INSERT without a list (SQLite, MySQL)
	generated bool
	auto      bool // MySQL: AUTO_INCREMENT, to which 0 is a wish for a new value
	temporal  bool // MySQL: a date, a time or both
	time      bool // MySQL: of the type TIME
	drifts    bool // MySQL: computed when it is read, perhaps from more than the row
}

// cacheable reports whether rows of r may be cached.
func (r *relation) cacheable() bool { return r.base && r.reason == "" && len(r.key) > 0 }

// refuse notes why the rows of r are not cached; the first reason stays.
func (r *relation) refuse(code Code, reason string) {
	if r.reason == "" {
		r.refused, r.reason = code, reason
	}
}

// widen notes why a write to r invalidates everything; the first reason stays.
func (r *relation) widen(reason string) {
	if r.writesAll == "" {
		r.writesAll = reason
	}
}

// readsRun reports whether any relation may run user code when it is read.
func (c *Catalog) readsRun() bool {
	for _, r := range c.tables {
		if r.readsRun != "" {
			return true
		}
	}
	return false
}

// addTrigger notes a trigger by its name, which may do anything: see
// [Rules.follows].
func (r *relation) addTrigger(name string) { r.triggers = append(r.triggers, name) }

// settle decides what follows from the columns of the key, once all is known.
func (r *relation) settle() {
	r.position = make(map[string]int, len(r.columns))
	for i, c := range r.columns {
		r.position[c.name] = i
	}
	if len(r.key) == 0 {
		r.refuse(BypassNotPrimaryKey, "the table has no primary key")
	}
	for _, at := range r.key {
		c := r.columns[at]
		switch {
		case c.generated:
			// An UPDATE of another column moves the row.
			r.refuse(BypassKeyType, "a column of the primary key is generated")
		case c.pair.kind == inexact:
			r.refuse(BypassKeyType, c.why)
		}
	}
}

// Load reads the catalog of the database behind q, by a fixed number of
// queries. An error means that nothing is known: the catalog is nil then.
func Load(ctx context.Context, d parse.Dialect, q Queryer) (*Catalog, error) {
	l := &loader{ctx: ctx, q: q, sum: sha256.New()}
	c := &Catalog{
		dialect: d,
		tables:  make(map[parse.Table]*relation),
		byName:  make(map[string][]*relation),
		code:    routines{dialect: d, byName: make(map[string][]routine)},
	}
	var err error
	switch d {
	case parse.PostgreSQL:
		err = loadPostgreSQL(l, c)
	case parse.SQLite:
		err = loadSQLite(l, c)
	case parse.MySQL:
		err = loadMySQL(l, c)
	default:
		err = fmt.Errorf("no catalog for the dialect %s", d)
	}
	if err != nil {
		return nil, fmt.Errorf("moneyclip: catalog: %w", err)
	}
	for _, r := range c.tables {
		r.settle()
	}
	copy(c.digest[:], l.sum.Sum(nil))
	return c, nil
}

// Digest identifies everything in the catalog that an answer may depend on.
func (c *Catalog) Digest() [16]byte { return c.digest }

// add takes a relation into the catalog.
func (c *Catalog) add(r *relation) {
	c.tables[r.id] = r
	c.byName[r.id.Name] = append(c.byName[r.id.Name], r)
}

// fold returns a table as the dialect compares it.
func (c *Catalog) fold(t parse.Table) parse.Table {
	if c.dialect == parse.SQLite || c.folds {
		return parse.Table{Schema: lowerASCII(t.Schema), Name: lowerASCII(t.Name)}
	}
	return t
}

// foldName returns the name of a column as the dialect compares it.
func (c *Catalog) foldName(name string) string {
	if c.dialect == parse.SQLite || c.dialect == parse.MySQL {
		return lowerASCII(name)
	}
	return name
}

// resolve returns the relation that a text names, nil where there is none.
func (c *Catalog) resolve(t parse.Table) *relation {
	t = c.fold(t)
	if t.Schema != "" {
		return c.tables[t]
	}
	for _, schema := range c.path {
		if r := c.tables[parse.Table{Schema: schema, Name: t.Name}]; r != nil {
			return r
		}
	}
	return nil
}

// lowerASCII folds as SQLite does: the 26 letters only. MySQL folds more: a
// name that needs it is not found, and so not understood.
func lowerASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// loader asks the catalog's queries, and takes every answer into the digest:
// whatever is read can change what is decided.
type loader struct {
	ctx context.Context
	q   Queryer
	sum hash.Hash
}

// rows returns the answer as text. width is the number of columns.
func (l *loader) rows(what string, width int, sql string) ([][]string, error) {
	rows, err := queryText(l.ctx, l.q, width, sql)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	l.take(what, rows)
	return rows, nil
}

// sorted is rows with the answer in an order of its own, where the database
// has none that tells all names apart.
func (l *loader) sorted(what string, width int, sql string) ([][]string, error) {
	rows, err := queryText(l.ctx, l.q, width, sql)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	slices.SortFunc(rows, slices.Compare[[]string])
	l.take(what, rows)
	return rows, nil
}

// take takes an answer into the digest.
func (l *loader) take(what string, rows [][]string) {
	var length [8]byte
	put := func(n int) {
		binary.BigEndian.PutUint64(length[:], uint64(n))
		l.sum.Write(length[:])
	}
	put(len(what))
	l.sum.Write([]byte(what))
	put(len(rows))
	for _, row := range rows {
		for _, field := range row {
			put(len(field))
			l.sum.Write([]byte(field))
		}
	}
}

// queryText asks q and returns the answer as text; NULL is the empty string.
func queryText(ctx context.Context, q Queryer, width int, sql string) ([][]string, error) {
	rows, err := q.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	texts := make([][]string, len(rows))
	for i, row := range rows {
		if len(row) != width {
			return nil, fmt.Errorf("row of %d columns, want %d", len(row), width)
		}
		texts[i] = make([]string, width)
		for j, v := range row {
			if texts[i][j], err = text(v); err != nil {
				return nil, err
			}
		}
	}
	return texts, nil
}

// text returns a value of a catalog query as text. The queries cast to text
// what drivers would give in different types.
func text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return strings.Clone(v), nil
	case []byte:
		return string(v), nil
	case int64:
		return fmt.Sprint(v), nil
	case bool:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("value of type %T in a catalog query", v)
}
