package parse

// AlterTable changes a table.
type AlterTable struct {
	Table    Table
	IfExists bool
	Only     bool // not the tables that inherit from it
	Actions  []AlterAction
}

// AlterAction is one change of a table.
type AlterAction struct {
	Do         AlterKind
	Column     string
	NewName    string
	Definition *ColumnDefinition // AddColumn, ChangeColumn, AlterType (Type and Collation only)
	Index      *IndexDefinition
	ForeignKey *ForeignKey
	Check      *Check
	Name       string // of a constraint or an index
	Parent     Table  // Inherit, Attach (the child)
	Uses       *Facts // SetDefault
	IfExists   bool   // or IF NOT EXISTS
	First      bool   // MySQL
	After      string // MySQL
	Charset    string // MySQL
	Collation  string // MySQL
}

// AlterKind says what an [AlterAction] does.
type AlterKind uint8

// The kinds of changes. The zero value is not understood.
const (
	UnknownAlter AlterKind = iota
	AddColumn
	DropColumn
	RenameColumn
	AlterType
	ChangeColumn // MySQL: CHANGE and MODIFY: a whole new definition
	SetColumnDefault
	DropColumnDefault
	AddIdentity
	DropIdentity
	DropExpression // the column is no longer generated
	AddIndex
	AddForeignKey
	AddCheck
	DropConstraint
	DropPrimary    // MySQL
	DropIndex      // MySQL
	DropForeignKey // MySQL
	RenameConstraint
	RenameIndex // MySQL
	RenameTable
	SetSchema
	SetUnlogged
	SetLogged
	EnableRowSecurity
	DisableRowSecurity
	Inherit    // the table becomes a child, or loses a parent
	NoInherit  //
	AttachPart // the table gets a partition, or loses one
	DetachPart
	Partitioned   // MySQL: PARTITION BY
	Unpartitioned // MySQL
	TableCharset  // MySQL: the default of later columns
	ConvertTo     // MySQL: every text column
	TableEngine   // MySQL
)

// AlterFunction changes a function.
type AlterFunction struct {
	Function     Function
	Signature    []Type
	AnySignature bool
	Volatility   *Volatility
}

// DropObject drops objects of one kind.
type DropObject struct {
	What     ObjectKind
	Names    []Table // of a trigger, a rule, a policy: the table; of an index: the index
	Name     string  // of the trigger, the rule, the policy
	IfExists bool
	Cascade  bool
	Types    [2]Type // of a cast or an operator
	// Of functions, in the order of Names; nil: of any signature.
	Signatures [][]Type
}

// ObjectKind says what is dropped or renamed.
type ObjectKind uint8

// The kinds of objects.
const (
	UnknownObject ObjectKind = iota
	TableObject              // table, foreign table; MySQL's RENAME TABLE
	ViewObject
	SequenceObject
	IndexObject
	TriggerObject
	RuleObject
	PolicyObject
	FunctionObject
	OperatorObject
	CastObject
	TypeObject // and domains
	CollationObject
	ExtensionObject
	SchemaObject
)

// RenameObject gives an object another name or another schema.
type RenameObject struct {
	What         ObjectKind
	Table        Table // the object; of a trigger, rule or policy: its table
	Name         string
	NewName      string
	NewSchema    string
	IfExists     bool
	Signature    []Type
	AnySignature bool
}
