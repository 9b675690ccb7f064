package parse

import (
	"fmt"
	"strings"
)

// Dialect names the SQL that a statement is written in. The zero value is no
// dialect: every statement of it is [Opaque].
type Dialect uint8

// The dialects.
const (
	UnknownDialect Dialect = iota
	PostgreSQL
	MySQL // MySQL and MariaDB
	SQLite
)

var dialectNames = [...]string{"unknown", "postgresql", "mysql", "sqlite"}

// String returns the name that [ParseDialect] reads.
func (d Dialect) String() string {
	if int(d) < len(dialectNames) {
		return dialectNames[d]
	}
	return dialectNames[UnknownDialect]
}

// ParseDialect reads a dialect's name, in any case, with the usual synonyms
// (postgres, pgx, sqlite3, mariadb).
func ParseDialect(name string) (Dialect, error) {
	switch strings.ToLower(name) {
	case "postgresql", "postgres", "pgx", "pg":
		return PostgreSQL, nil
	case "mysql", "mariadb":
		return MySQL, nil
	case "sqlite", "sqlite3":
		return SQLite, nil
	}
	return UnknownDialect, fmt.Errorf("moneyclip: unknown dialect %q: want postgresql, mysql or sqlite", name)
}

// Kind is what a text does, as far as it is understood. A text of several
// statements has the strongest kind among them. The zero value is Opaque: not
// understood, so nothing is assumed of it.
type Kind uint8

// The kinds, from the one that says least.
const (
	Opaque      Kind = iota // anything may have happened: everything is invalidated
	Schema                  // DDL: the catalog is no longer what it was
	Session                 // SET, RESET, DISCARD, USE, PREPARE, DEALLOCATE, LISTEN, PRAGMA, ATTACH, cursors: later answers of this connection may differ
	Transaction             // BEGIN, COMMIT, ROLLBACK, savepoints, two-phase commit
	Write                   // rows change, in the tables of Writes
	Read                    // no row, no schema and no setting changes, volatile functions aside (see Functions)
)

var kindNames = [...]string{"opaque", "schema", "session", "transaction", "write", "read"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "opaque"
}

// TxControl says which transaction control a [Transaction] text is.
type TxControl uint8

// The transaction controls.
const (
	NoTxControl TxControl = iota
	TxBegin
	TxCommit
	TxRollback
	TxSavepoint      // SAVEPOINT, RELEASE SAVEPOINT, ROLLBACK TO: the transaction goes on
	TxPrepare        // PREPARE TRANSACTION
	TxFinishPrepared // COMMIT PREPARED, ROLLBACK PREPARED
	TxSeveral        // several of them in one text
	TxOther          // SET TRANSACTION, LOCK TABLE and what else concerns the running transaction only
)

// Table is a table as the text names it. Identifiers are as the dialect
// resolves them: PostgreSQL folds unquoted names to lower case; SQLite keeps
// them as written and compares without case; MySQL keeps them as written, and
// the server's lower_case_table_names says how tables are compared. Names of
// common table expressions are compared as written in MySQL: one spelled
// another way is taken as a table.
type Table struct {
	Schema string // as written; empty where the text gives none
	Name   string
}

// Column is a reference to a column. Name is "*" for a star. Qualifier is the
// alias or table it is qualified with (the last part of a longer one).
type Column struct {
	Qualifier string
	Name      string
}

// ValueKind says what a [Value] is. The zero value is an expression: its
// value is not known before the database computes it.
type ValueKind uint8

// The kinds of values.
const (
	Expression ValueKind = iota
	Param                // a placeholder: Ordinal or Name
	Literal              // Go holds int64, float64, string, []byte or bool; MySQL: x'…' and 0x… are []byte, a decimal is a float64, a string with a character set of its own an Expression
	Null                 // the keyword NULL
	Default              // the keyword DEFAULT
)

// Value is one value as a text gives it.
type Value struct {
	Kind    ValueKind
	Ordinal int    // of a Param by position: 1 for the first argument, as database/sql's NamedValue.Ordinal; in a text of several statements a Param of SQLite or MySQL is an Expression
	Name    string // of a Param by name (:name, @name, $name): without its prefix; Ordinal is then set too where the driver binds by position (SQLite), else 0
	Go      any    // of a Literal
	Cast    string // the type of the one cast directly around it, as the parser names it (PostgreSQL: int is pg_catalog.int4); empty without one; in MySQL a cast makes an Expression
}

// Equality is a conjunct at the top level of WHERE: column = value, column IN
// (values), or column = ANY(parameter), either way round, without COLLATE.
type Equality struct {
	Column Column
	Values []Value // one for "=", any number for IN
	Any    bool    // = ANY(value): Values[0] is a whole list
	In     bool    // IN (…), also with one value
}

// LimitKind says what a SELECT's LIMIT allows.
type LimitKind uint8

// The limits.
const (
	NoLimit       LimitKind = iota
	LimitAtLeast1           // a literal of 1 or more
	LimitOther              // 0, a parameter, an expression, WITH TIES
)

// Select is what one plain SELECT over one table says. It is given only for a
// text of one statement with exactly one item in FROM, a plain table name,
// and with no sub-select, CTE, set operation, join, aggregate by GROUP BY or
// HAVING, DISTINCT, window, TABLESAMPLE, INDEXED BY, index hint, PARTITION,
// ONLY, INTO, SQL_CALC_FOUND_ROWS or full-text search. It may lock: see
// Facts.Locks.
type Select struct {
	Table      Table
	Alias      string // empty without one
	Equalities []Equality
	Rest       bool     // WHERE holds something that is not in Equalities
	Columns    []Column // every column reference in the whole statement, WHERE included, stars too
	Limit      LimitKind
	Offset     bool
	Literals   []string // every string literal outside of Equalities: PostgreSQL may read 'now' and 'today' as a time
	Params     []Value  // every parameter, each use once more: those of Equalities too
}

// Op is what a write does to its target.
type Op uint8

// The operations on a table. The zero value is not known.
const (
	UnknownOp Op = iota
	Insert
	Update
	Delete
	Truncate
	Copy // COPY … FROM, LOAD DATA: rows arrive until the statement is closed
	Merge
	Create // SELECT INTO, CREATE TABLE AS, and DDL that names the table; DDL may change tables that it does not name
)

// ConflictKind says what an INSERT does with a row that is there already.
type ConflictKind uint8

// The conflict clauses.
const (
	NoConflict      ConflictKind = iota
	DoNothing                    // ON CONFLICT DO NOTHING, INSERT OR IGNORE, INSERT IGNORE, UPDATE IGNORE, LOAD DATA … IGNORE
	DoUpdate                     // ON CONFLICT (…) DO UPDATE: Target and Set
	Replaces                     // REPLACE, INSERT OR REPLACE, LOAD DATA … REPLACE: other rows may be deleted
	UpdateOnKey                  // ON DUPLICATE KEY UPDATE, or DO UPDATE without a plain column target
	AbortOrRollback              // INSERT/UPDATE OR ROLLBACK, OR FAIL, OR ABORT
)

// Assignment is column = value in SET.
type Assignment struct {
	Column string
	Value  Value
}

// Change is one write in a text: the statement itself, a data-modifying CTE,
// or one target of a multi-table statement.
type Change struct {
	Table Table
	Alias string
	Op    Op

	// Of UPDATE and DELETE: conjuncts that restrict the target's rows. Given
	// only where the target is the only item (no FROM, USING or join), so that
	// an unqualified column is the target's.
	Equalities []Equality
	Rest       bool         // WHERE holds more than Equalities
	Set        []Assignment // of UPDATE: every column set; an assignment that is not plain has an Expression

	// Of INSERT.
	Columns  []string  // as listed; nil: all columns in the table's order
	Rows     [][]Value // of VALUES; nil where the rows come from a query; one empty row for DEFAULT VALUES
	Conflict ConflictKind
	Target   []string     // columns of ON CONFLICT (…), plain ones without WHERE; nil otherwise
	DoSet    []Assignment // of DO UPDATE

	Returning bool
}

// Facts is what a text says, whatever the database behind it. Facts are made
// once per text, are immutable, and may be shared.
type Facts struct {
	Kind       Kind
	Reason     string // why the kind is Opaque, or why Select is nil for a Read: short, stable, without any part of the text
	Query      string // the query's name from a leading "-- name: GetAuthor :one"
	Command    string // ":one", ":many", ":exec", …
	Statements int    // how many; 0 for an empty text (a Read without tables) or an Opaque one

	Tables []Table // every table read or written, CTE names resolved away

	// Scanned says that the parser did not accept the text, and that it is a read
	// by its words alone: Tables says nothing.
	Scanned bool

	Writes []Change
	Select *Select // see there; nil: not a plain read of one table

	// Every function called, anywhere; CURRENT_TIMESTAMP and its like are
	// functions too (lower case). In MySQL aggregates are, and so is a variable
	// that is read or set in an expression: its name begins with "@".
	Functions []Function

	Operators []string // names of the operators used (PostgreSQL)
	Types     []Table  // every type named in a cast, schema as written (PostgreSQL)

	// Every name that stands after a dot in an expression (PostgreSQL): that of
	// a column or a field, or of a function, which PostgreSQL calls where it
	// finds neither.
	Attributes []Attribute

	Locks     bool      // FOR UPDATE, FOR SHARE, … anywhere
	Schema    bool      // DDL among the statements
	Session   bool      // something that changes what this connection answers later, temp tables included
	TxControl TxControl // transaction control among the statements

	// Commits says that the text ends a running transaction though it is no
	// COMMIT: MySQL's implicit commits (DDL, LOCK TABLES, START TRANSACTION, …).
	Commits bool

	// ByMode says that what the text means depends on sql_mode (MySQL): it holds
	// a double quote (ANSI_QUOTES), a backslash in a string
	// (NO_BACKSLASH_ESCAPES) or || (PIPES_AS_CONCAT). The facts are those of the
	// default mode. It is set whatever the kind.
	ByMode bool

	// Disagreement says how the two parsers of MySQL disagree on the text's kind
	// or tables, empty where they do not: a short, stable reason. Where both see a
	// read it has no Select; a write has whole-table changes for what either of
	// them found; where one sees a write and the other does not, it is Opaque.
	Disagreement string

	Panicked bool // the dialect's parser panicked on the text, and the panic was recovered
}

// Function is a function that a text calls.
type Function struct {
	Schema string // as written
	Name   string // folded as the dialect does, in MySQL to lower case; SQLite's LIKE, GLOB, REGEXP and MATCH are functions too
}

// Attribute is a name after a dot.
type Attribute struct {
	Name  string
	Value bool // after an expression in parentheses or a longer name: (x).name, a.b.name
}
