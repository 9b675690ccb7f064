package policy

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/moneyclip/moneyclip/parse"
)

// Session is what one connection is to the database, learnt by a query or two
// when it opens.
type Session struct {
	// Namespace identifies the database itself: for PostgreSQL system
	// identifier, timeline and database, for MySQL the server's uuid; empty
	// where the database has no identity of its own (SQLite, MariaDB), or does
	// not tell it: NoNamespace then says why, but for SQLite.
	Namespace   string
	NoNamespace string

	// Server identifies the server among those that one process reaches (MySQL
	// and MariaDB): what it is made of need not be unique in the world.
	Server string

	Fingerprint [16]byte // of every setting that changes an answer: user, search_path, TimeZone, DateStyle, bytea_output, …
	Backend     string   // identifies the server's session, to ask later whether it is gone; empty where that cannot be asked
	Replica     bool     // in recovery or read-only: never fills
	NoCache     string   // why this session may not be cached at all (SQLite: in memory, shared cache, read_uncommitted); empty if it may. Its writes are Plan.WriteDirty
	Manual      bool     // MySQL: autocommit is off, so that every statement may begin a transaction
	Foreign     string   // MySQL: why texts may mean something else here than the parser says (sql_mode); empty if not. Every write then invalidates everything
	File        string   // SQLite: the path of the main database's file, as SQLite gives it; empty without a file
}

// Inspect learns the session of the connection behind q.
func Inspect(ctx context.Context, d parse.Dialect, q Queryer) (s Session, err error) {
	switch d {
	case parse.PostgreSQL:
		s, err = inspectPostgreSQL(ctx, q)
	case parse.SQLite:
		s, err = inspectSQLite(ctx, q)
	case parse.MySQL:
		s, err = inspectMySQL(ctx, q)
	default:
		err = fmt.Errorf("no sessions for the dialect %s", d)
	}
	if err != nil {
		return Session{NoCache: "the session could not be inspected"}, fmt.Errorf("moneyclip: session: %w", err)
	}
	return s, nil
}

// Gone reports whether the server's session named by backend has ended, asked
// through another connection. An empty backend, and one that is not of the
// form that Inspect gives, is never known to be gone; in SQLite, where a
// statement ends with its call, every session is. In MySQL, which goes on with
// a statement whose client has left, a session that is still there is killed,
// and is gone for a later call.
func Gone(ctx context.Context, d parse.Dialect, q Queryer, backend string) (bool, error) {
	switch d {
	case parse.SQLite:
		return true, nil
	case parse.PostgreSQL:
		gone, err := gonePostgreSQL(ctx, q, backend)
		if err != nil {
			return false, fmt.Errorf("moneyclip: session: %w", err)
		}
		return gone, nil
	case parse.MySQL:
		gone, err := goneMySQL(ctx, q, backend)
		if err != nil {
			return false, fmt.Errorf("moneyclip: session: %w", err)
		}
		return gone, nil
	}
	return false, nil
}

// fingerprint condenses settings, given in a fixed order.
func fingerprint(settings []string) (sum [16]byte) {
	h := sha256.New()
	for _, s := range settings {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	copy(sum[:], h.Sum(nil))
	return sum
}
