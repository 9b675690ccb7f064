package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/moneyclip/moneyclip/parse"
)

// SchemaFile is one file of a declared schema.
type SchemaFile struct {
	Name string // for messages
	Text string
}

// declared is a database that exists in its schema files only. It takes in
// their statements, one by one and in their order, and then answers the
// queries by which a catalog is loaded as a real database with that schema
// would: what follows for reads and writes is decided in one place.
type declared interface {
	Queryer
	begin() // a file begins: what SET said in the one before is over
	apply(s *parse.Statement) (problem string)
}

// Declare makes the catalog of a database that cannot be asked, from its
// schema: CREATE, ALTER and DROP statements in the order in which they were
// run, as in schema files and in migrations. Every table then has what [Load]
// would have found, so reads and writes are decided alike. The digests of the
// two are not meant to be equal: a cache is filled by one kind of catalog.
//
// database is the name of MySQL's default database, in which unqualified names
// are, in the schema and in the queries, as the DSN has it. Where it is empty,
// as with a mock, it is the one that the files USE last, else one with the name
// "default". Names are compared with case, tables that name no engine are
// InnoDB's, and a key of text is exact only where the schema names its
// collation, since a server's default is not in the file; for a server that folds the
// names of tables (lower_case_table_names), write them in lower case. The other dialects do
// not use database: PostgreSQL's unqualified names are in
// the schema public, under the search path public, in a database in UTF8 with
// a deterministic collation; SQLite's are in main.
//
// What cannot be known from a file is taken as what allows least: functions,
// types and collations that neither the files nor the server's own lists hold. The lists are of PostgreSQL 15 and its own extensions, and of the
// SQLite in go-sqlite3.
//
// The error names every statement that is not understood, with file and line.
// The catalog is nil then.
func Declare(d parse.Dialect, database string, files ...SchemaFile) (*Catalog, error) {
	return DeclareFor(context.Background(), nil, d, database, files...)
}

// DeclareFor is [Declare] for a program that has a session with the database:
// PostgreSQL is asked for what is the session's and not the schema's, its
// search path and its encoding. Elsewhere, and where session is nil, nothing
// is asked.
func DeclareFor(ctx context.Context, session Queryer, d parse.Dialect, database string, files ...SchemaFile) (*Catalog, error) {
	var db declared
	switch d {
	case parse.PostgreSQL:
		db = newDeclaredPostgreSQL(session)
	case parse.SQLite:
		db = newDeclaredSQLite()
	case parse.MySQL:
		db = newDeclaredMySQL(database)
	default:
		return nil, fmt.Errorf("moneyclip: schema: no schema files for the dialect %s", d)
	}
	var mistakes []error
	for _, file := range files {
		db.begin()
		script := parse.Declare(d, file.Text)
		for i := range script.Statements {
			s := &script.Statements[i]
			if problem := guardedApply(db, s); problem != "" {
				script.Mistakes = append(script.Mistakes, parse.Mistake{Line: s.Line, Problem: problem})
			}
		}
		slices.SortStableFunc(script.Mistakes, func(a, b parse.Mistake) int { return a.Line - b.Line })
		for _, m := range script.Mistakes {
			mistakes = append(mistakes, fmt.Errorf("moneyclip: schema: %s:%d: %s", file.Name, m.Line, m.Problem))
		}
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return Load(ctx, d, db)
}

// guardedApply recovers what would be a mistake of ours: no file makes a
// program panic.
func guardedApply(db declared, s *parse.Statement) (problem string) {
	defer func() {
		if recover() != nil {
			problem = "a statement that is not understood: take it out of the schema, or write it in another way"
		}
	}()
	return db.apply(s)
}

// problems that any dialect has.
func notDeclared(what, name string) string {
	return what + " " + name + " is not declared before: name the files in the order in which they are run"
}

// hidden is a temporary table's name that one has that stays: which of them
// later statements mean depends on how long the temporary one is there.
func hidden(name string) string {
	return "a temporary table with the name of one that stays, " + name + ": give it another name"
}

func declaredTwice(what, name string) string {
	return what + " " + name + " is declared twice: drop it first, or leave one out"
}
