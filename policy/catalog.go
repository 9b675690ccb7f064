package policy

import (
	"context"

	"github.com/moneyclip/moneyclip/parse"
)

// Queryer asks the database. The driver implements it over one of its own
// connections; values are as the driver gives them.
type Queryer interface {
	Query(ctx context.Context, sql string) (rows [][]any, err error)
}

// Catalog is what the database has. It is immutable once made.
type Catalog struct{}

// Load reads the catalog of the database behind q.
func Load(ctx context.Context, d parse.Dialect, q Queryer) (*Catalog, error) { return &Catalog{}, nil }

// Digest identifies everything in the catalog that an answer may depend on.
func (c *Catalog) Digest() [16]byte { return [16]byte{} }

// Rules is a policy bound to a catalog. It is immutable and may be shared.
type Rules struct{}

// Bind checks a policy against a catalog: every table that the policy names
// must exist. The error lists all mistakes, each with the nearest known name.
func Bind(p Policy, c *Catalog) (*Rules, error) { return &Rules{}, nil }

// Plan makes the plan of a text.
func (r *Rules) Plan(f *parse.Facts) *Plan { return &Plan{Facts: f} }

// Cached lists the canonical names of the tables whose rows may be cached,
// sorted; Tables lists all.
func (r *Rules) Cached() []string { return nil }
func (r *Rules) Tables() []string { return nil }

// TableName resolves a table as a user writes it (name or schema.name) to its
// canonical name; false where there is none or more than one.
func (r *Rules) TableName(name string) (string, bool) { return "", false }

// RowOf returns the row with the given primary key values, in the key's order.
// ok is false where the values are not an exact pair with the key.
func (r *Rules) RowOf(table string, key ...any) (row Row, ok bool) { return Row{}, false }

// Session is what one connection is to the database, learnt by one query when
// it opens.
type Session struct {
	// Namespace identifies the database itself: for PostgreSQL system
	// identifier, timeline and database; empty where the database has no
	// identity of its own (SQLite).
	Namespace   string
	Fingerprint [16]byte // of every setting that changes an answer: user, search_path, TimeZone, DateStyle, bytea_output, …
	Backend     string   // identifies the server's session, to ask later whether it is gone; empty where that cannot be asked
	Replica     bool     // in recovery or read-only: never fills
	NoCache     string   // why this session may not be cached at all (SQLite: in memory, shared cache, read_uncommitted); empty if it may
}

// Inspect learns the session of the connection behind q.
func Inspect(ctx context.Context, d parse.Dialect, q Queryer) (Session, error) {
	return Session{}, nil
}

// Gone reports whether the server's session named by backend has ended, asked
// through another connection.
func Gone(ctx context.Context, d parse.Dialect, q Queryer, backend string) (bool, error) {
	return false, nil
}
