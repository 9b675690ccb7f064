package parse

// Script is what a text of many statements, such as a schema file or a
// migration, declares.
type Script struct {
	Statements []Statement // in the order of the text; those that declare nothing are left out
	Mistakes   []Mistake   // what is not understood, in the order of the text
}

// Statement is one declaration and where it stands.
type Statement struct {
	Line     int    // of its first word, from 1
	Text     string // without comments before it
	Declares Declaration
}

// Mistake is a statement that is not understood: what it declares is not
// known, so the text is no complete schema.
type Mistake struct {
	Line    int    // of the statement's first word, from 1
	Problem string // what is wrong, and what to do
}

// Declaration is one of the pointers to the structs whose names
// begin with Create, Alter, Drop, Rename, Set or Run.
type Declaration interface{ declares() }

func (*CreateTable) declares()     {}
func (*CreateIndex) declares()     {}
func (*CreateView) declares()      {}
func (*CreateTrigger) declares()   {}
func (*CreateRule) declares()      {}
func (*CreatePolicy) declares()    {}
func (*CreateFunction) declares()  {}
func (*CreateOperator) declares()  {}
func (*CreateCast) declares()      {}
func (*CreateType) declares()      {}
func (*CreateCollation) declares() {}
func (*CreateSequence) declares()  {}
func (*CreateExtension) declares() {}
func (*AlterTable) declares()      {}
func (*AlterFunction) declares()   {}
func (*DropObject) declares()      {}
func (*RenameObject) declares()    {}
func (*SetPath) declares()         {}
func (*RunCode) declares()         {}

// CreateTable makes a table.
type CreateTable struct {
	Table        Table
	IfNotExists  bool
	Temporary    bool
	Unlogged     bool
	Kind         TableKind
	Columns      []ColumnDefinition
	Indexes      []IndexDefinition // PRIMARY KEY and UNIQUE, of columns and of the table; MySQL: KEY too
	ForeignKeys  []ForeignKey
	Checks       []Check
	Parents      []Table // INHERITS, PARTITION OF
	PartitionOf  bool
	Like         []Like
	OfType       bool   // PostgreSQL: OF a type, whose columns are not in the statement
	Query        *Facts // AS SELECT: the columns are not in the statement
	WithoutRowid bool
	Strict       bool
	Engine       string // MySQL
	Charset      string // MySQL: of its columns that name none
	Collation    string // MySQL
}

// TableKind says what CREATE TABLE makes.
type TableKind uint8

// The kinds of tables.
const (
	PlainTable TableKind = iota
	PartitionedTable
	ForeignTable
	VirtualTable
)

// ColumnDefinition is one column.
type ColumnDefinition struct {
	Name      string
	Type      Type
	NotNull   bool
	Default   *Facts // what its default calls; nil without one
	Generated bool   // computed from other columns
	Computed  string // MySQL: the expression of a generated column that is not stored
	Increment bool   // the database makes its values: serial, identity, AUTO_INCREMENT
	OnUpdate  bool   // MySQL: ON UPDATE CURRENT_TIMESTAMP
	Collation Table  // as written; empty if none is named
	Charset   string // MySQL
	Invisible bool   // MySQL
	Length    int    // MySQL: characters of text, bytes of bytes
}

// Type is a type as written, folded as the dialect folds names.
type Type struct {
	Schema, Name string
	Modifiers    []string // as in varchar(10)
	Array        bool
	SetOf        bool
	Unsigned     bool // MySQL
	Text         string
}

// IndexDefinition is an index or a constraint that has one.
type IndexDefinition struct {
	Name       string // empty where the database makes one
	Primary    bool
	Unique     bool // true for Primary as well
	Deferrable bool
	Exclusion  bool
	Columns    []IndexColumn
	Included   int    // how many of the last columns are only INCLUDEd
	Inline     bool   // SQLite: the constraint of a column
	Using      string // PostgreSQL: the index that becomes the constraint's
	Uses       *Facts // what its expressions and its WHERE call
}

// IndexColumn is one column of an index; Name is empty for an expression.
type IndexColumn struct {
	Name       string
	Collation  string
	Descending bool
	Prefix     int // MySQL: only so many of the first characters; 0 for all
}

// ForeignKey refers to another table, or to its own.
type ForeignKey struct {
	Name               string
	Columns            []string
	References         Table
	OnDelete, OnUpdate Action
}

// Action is what happens to the rows that refer to one that goes away.
type Action uint8

// The actions.
const (
	NoAction Action = iota
	Restrict
	Cascade
	SetNull
	SetDefault
)

var actionNames = [...]string{"NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"}

// String returns the action as SQL spells it.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return actionNames[Cascade]
}

// Check is a CHECK constraint.
type Check struct {
	Name    string
	Columns []string // the columns that it names
	Uses    *Facts
}

// Like copies another table's columns, and with Indexes its keys.
type Like struct {
	Table     Table
	At        int // how many columns stand before it
	Indexes   bool
	Defaults  bool
	Checks    bool
	Generated bool
	Identity  bool
}

// CreateIndex makes an index.
type CreateIndex struct {
	Table       Table
	Schema      string // SQLite: the schema of the index
	Only        bool   // not the partitions
	IfNotExists bool
	Index       IndexDefinition
}

// CreateView makes a view, or a materialized one.
type CreateView struct {
	Table        Table
	IfNotExists  bool
	Replace      bool
	Temporary    bool
	Materialized bool
	Query        *Facts
	Text         string // MySQL: the query
}

// CreateTrigger makes a trigger.
type CreateTrigger struct {
	Name        string
	Schema      string // MySQL: as written before the name
	Table       Table
	Temporary   bool
	IfNotExists bool // SQLite
}

// CreateRule makes a rule of PostgreSQL.
type CreateRule struct {
	Name  string
	Table Table
	Uses  *Facts
}

// CreatePolicy makes or changes a policy of row-level security.
type CreatePolicy struct {
	Name  string
	Table Table
	Uses  *Facts
}

// CreateFunction makes a function, a procedure or an aggregate.
type CreateFunction struct {
	Function   Function
	Signature  []Type // of the arguments that the caller gives
	Required   int    // how many of them have no default
	Variadic   bool
	Returns    Type
	Volatility Volatility
	Compiled   bool // its language is c or internal
	Set        bool // it returns a set
	Procedure  bool
	Aggregate  bool
	Uses       *Facts // defaults, a body in standard SQL, an aggregate's functions; not a body that is a string
}

// Volatility is what a function's author says of it.
type Volatility uint8

// The volatilities. The default is the one that allows everything.
const (
	Volatile Volatility = iota
	Stable
	Immutable
)

// CreateOperator makes an operator of PostgreSQL.
type CreateOperator struct {
	Name        string
	Function    Function
	Left, Right Type // the zero Type where there is none
}

// CreateCast makes a cast of PostgreSQL.
type CreateCast struct {
	Source, Target Type
	Function       Function // the zero Function where none is called
	InOut          bool
	Implicit       bool
}

// CreateType makes a type of PostgreSQL, or more code that runs for one.
type CreateType struct {
	Type    Table // empty Name: the support of an index
	Row     bool  // a composite type
	Range   string
	IsRange bool
	Base    Type   // of a domain
	Uses    *Facts // its checks, its input and output
}

// CreateCollation makes a collation of PostgreSQL.
type CreateCollation struct {
	Collation     Table
	Deterministic bool
}

// CreateSequence makes a sequence.
type CreateSequence struct {
	Table       Table
	IfNotExists bool
}

// CreateExtension adds an extension of PostgreSQL.
type CreateExtension struct {
	Name   string
	Schema string
}

// SetPath changes the schemas in which the following statements look for
// names, and the first of which is where they make things. In MySQL it is USE.
type SetPath struct {
	Path  []string // empty: no schema; nil: the default again
	Local bool     // only until the transaction ends
	End   bool     // the transaction ends: a local path is forgotten; Path means nothing
}

// RunCode is a statement over rows, which declares nothing unless something
// that it calls changes the schema.
type RunCode struct {
	Uses *Facts
}
