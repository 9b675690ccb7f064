package tools

import "github.com/jmoiron/sqlx"

// sqlx writes parameters in the form of the driver's name, and takes a name
// that it does not know for one without any: named queries and Rebind would
// keep the question marks, which PostgreSQL does not understand. It is told
// once. (A *sql.DB at hand may instead be named as it was before:
// sqlx.NewDb(db, "pgx").)
func init() {
	sqlx.BindDriver("moneyclip+postgres", sqlx.DOLLAR)
	sqlx.BindDriver("moneyclip+pgx", sqlx.DOLLAR)
	sqlx.BindDriver("moneyclip+mysql", sqlx.QUESTION)
	sqlx.BindDriver("moneyclip+sqlite3", sqlx.QUESTION)
}
