package fakedb

import (
	"database/sql/driver"
	"maps"
	"slices"
)

// ConnRole is a set of optional interfaces of a connection.
type ConnRole uint16

// The optional interfaces of a connection.
const (
	Queryer ConnRole = 1 << iota
	QueryerContext
	Execer
	ExecerContext
	ConnPrepareContext
	ConnBeginTx
	Pinger
	SessionResetter
	Validator
	ConnNamedValueChecker

	// ModernConn is all of them but the two without a context.
	ModernConn = QueryerContext | ExecerContext | ConnPrepareContext | ConnBeginTx |
		Pinger | SessionResetter | Validator | ConnNamedValueChecker
)

// StmtRole is a set of optional interfaces of a statement.
type StmtRole uint16

// The optional interfaces of a statement.
const (
	StmtQueryContext StmtRole = 1 << iota
	StmtExecContext
	ColumnConverter
	StmtNamedValueChecker

	ModernStmt = StmtQueryContext | StmtExecContext
	AllStmt    = ModernStmt | ColumnConverter | StmtNamedValueChecker
)

// RowsRole is a set of optional interfaces of rows.
type RowsRole uint16

// The optional interfaces of rows.
const (
	NextResultSet RowsRole = 1 << iota
	ScanType
	DatabaseTypeName
	Length
	Nullable
	PrecisionScale

	ColumnTypes = ScanType | DatabaseTypeName | Length | Nullable | PrecisionScale
	AllRows     = NextResultSet | ColumnTypes
)

// ConnRoles returns the sets of interfaces that a connection may have, in order.
func ConnRoles() []ConnRole { return slices.Sorted(maps.Keys(conns)) }

// StmtRoles returns the sets of interfaces that a statement may have, in order.
func StmtRoles() []StmtRole { return slices.Sorted(maps.Keys(stmts)) }

// RowsRoles returns the sets of interfaces that rows may have, in order.
func RowsRoles() []RowsRole { return slices.Sorted(maps.Keys(rowses)) }

// stmts holds a type for every set of interfaces of a statement.
var stmts = map[StmtRole]func(*stmt) driver.Stmt{
	0: func(s *stmt) driver.Stmt {
		type role struct{ *stmt }
		return role{s}
	},
	StmtQueryContext: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtQueryContext
		}
		return role{s, stmtQueryContext{s}}
	},
	StmtExecContext: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtExecContext
		}
		return role{s, stmtExecContext{s}}
	},
	ColumnConverter: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			columnConverter
		}
		return role{s, columnConverter{s}}
	},
	StmtNamedValueChecker: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtChecker
		}
		return role{s, stmtChecker{s}}
	},
	StmtQueryContext | StmtExecContext: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtQueryContext
			stmtExecContext
		}
		return role{s, stmtQueryContext{s}, stmtExecContext{s}}
	},
	StmtQueryContext | ColumnConverter: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtQueryContext
			columnConverter
		}
		return role{s, stmtQueryContext{s}, columnConverter{s}}
	},
	StmtQueryContext | StmtNamedValueChecker: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtQueryContext
			stmtChecker
		}
		return role{s, stmtQueryContext{s}, stmtChecker{s}}
	},
	StmtExecContext | ColumnConverter: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtExecContext
			columnConverter
		}
		return role{s, stmtExecContext{s}, columnConverter{s}}
	},
	StmtExecContext | StmtNamedValueChecker: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtExecContext
			stmtChecker
		}
		return role{s, stmtExecContext{s}, stmtChecker{s}}
	},
	ColumnConverter | StmtNamedValueChecker: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			columnConverter
			stmtChecker
		}
		return role{s, columnConverter{s}, stmtChecker{s}}
	},
	StmtQueryContext | StmtExecContext | ColumnConverter: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtQueryContext
			stmtExecContext
			columnConverter
		}
		return role{s, stmtQueryContext{s}, stmtExecContext{s}, columnConverter{s}}
	},
	StmtQueryContext | StmtExecContext | StmtNamedValueChecker: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtQueryContext
			stmtExecContext
			stmtChecker
		}
		return role{s, stmtQueryContext{s}, stmtExecContext{s}, stmtChecker{s}}
	},
	StmtQueryContext | ColumnConverter | StmtNamedValueChecker: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtQueryContext
			columnConverter
			stmtChecker
		}
		return role{s, stmtQueryContext{s}, columnConverter{s}, stmtChecker{s}}
	},
	StmtExecContext | ColumnConverter | StmtNamedValueChecker: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtExecContext
			columnConverter
			stmtChecker
		}
		return role{s, stmtExecContext{s}, columnConverter{s}, stmtChecker{s}}
	},
	StmtQueryContext | StmtExecContext | ColumnConverter | StmtNamedValueChecker: func(s *stmt) driver.Stmt {
		type role struct {
			*stmt
			stmtQueryContext
			stmtExecContext
			columnConverter
			stmtChecker
		}
		return role{s, stmtQueryContext{s}, stmtExecContext{s}, columnConverter{s}, stmtChecker{s}}
	},
}

// rowses holds one type for each set of interfaces of rows that a test has
// needed so far.
var rowses = map[RowsRole]func(*rows) driver.Rows{
	0: func(r *rows) driver.Rows {
		type role struct{ *rows }
		return role{r}
	},
	NextResultSet: func(r *rows) driver.Rows {
		type role struct {
			*rows
			nextResultSet
		}
		return role{r, nextResultSet{r}}
	},
	ScanType: func(r *rows) driver.Rows {
		type role struct {
			*rows
			scanType
		}
		return role{r, scanType{r}}
	},
	DatabaseTypeName: func(r *rows) driver.Rows {
		type role struct {
			*rows
			databaseType
		}
		return role{r, databaseType{r}}
	},
	Length: func(r *rows) driver.Rows {
		type role struct {
			*rows
			length
		}
		return role{r, length{r}}
	},
	Nullable: func(r *rows) driver.Rows {
		type role struct {
			*rows
			nullable
		}
		return role{r, nullable{r}}
	},
	PrecisionScale: func(r *rows) driver.Rows {
		type role struct {
			*rows
			precisionScale
		}
		return role{r, precisionScale{r}}
	},
	ScanType | DatabaseTypeName | Length | Nullable | PrecisionScale: func(r *rows) driver.Rows {
		type role struct {
			*rows
			scanType
			databaseType
			length
			nullable
			precisionScale
		}
		return role{r, scanType{r}, databaseType{r}, length{r}, nullable{r}, precisionScale{r}}
	},
	NextResultSet | ScanType | DatabaseTypeName | Length | Nullable | PrecisionScale: func(r *rows) driver.Rows {
		type role struct {
			*rows
			nextResultSet
			scanType
			databaseType
			length
			nullable
			precisionScale
		}
		return role{r, nextResultSet{r}, scanType{r}, databaseType{r}, length{r}, nullable{r}, precisionScale{r}}
	},
	ScanType | DatabaseTypeName | Length | PrecisionScale: func(r *rows) driver.Rows {
		type role struct {
			*rows
			scanType
			databaseType
			length
			precisionScale
		}
		return role{r, scanType{r}, databaseType{r}, length{r}, precisionScale{r}}
	},
	ScanType | DatabaseTypeName | Nullable: func(r *rows) driver.Rows {
		type role struct {
			*rows
			scanType
			databaseType
			nullable
		}
		return role{r, scanType{r}, databaseType{r}, nullable{r}}
	},
}
