// Package driver is a database/sql driver that wraps another one and puts a
// coherent cache under it: reads by primary key come from the store, and every
// write invalidates exactly what it touches, at commit.
//
// A program imports this package, and its own driver as before, and opens
// "moneyclip+postgres", "moneyclip+pgx", "moneyclip+mysql" or
// "moneyclip+sqlite3" ("moneyclip+sqlmock" in tests):
//
//	import _ "github.com/moneyclip/moneyclip/driver"
//
//	db, err := sql.Open("moneyclip+postgres", dsn+"&moneyclip_redis=redis://localhost:6379/0")
//
// # One read, as a story
//
//  1. database/sql hands a connection of its pool a text and arguments. The
//     connection may never have dialled the database.
//  2. The text's plan comes from the plan cache of the realm: what the connector
//     has learnt of its database, its catalog and session (realm.go). The first
//     text of all dials the database to learn it.
//  3. The connection's state may forbid a lookup: a transaction, a session that
//     a statement has changed, an option (conn.bypass). The plan may: it says
//     why, by a code.
//  4. The plan turns the arguments into the row's key. Text, arguments, session
//     and catalog make the fingerprint of the result (args.go).
//  5. One round trip to the store. A hit is decoded and served; the inner driver
//     saw nothing.
//  6. A miss holds a lease. One call per process leads and asks the database,
//     the others that saw the same lease wait for its result (fetch.go). The
//     result is read ahead up to max_entry, because QueryRow never reaches its
//     end, and is filled under the lease: the store refuses it if anything was
//     written meanwhile.
//  7. Anything else is a bypass: the inner driver's rows, as they are.
//
// # One write, as a story
//
//  1. The link is dialled and the arguments are converted first: what can fail
//     without a trace fails here.
//  2. Plan, catalog and arguments say what the write touches: rows, tables or
//     everything (write.go). A transaction gathers this for its commit.
//  3. The keys are held, and the store acknowledges: from here on nobody keeps
//     or is served what the write may change.
//  4. The inner driver runs the statement, or commits.
//  5. The hold is released when the write is over: at the server's answer; for a
//     write that returns rows, at their end; and if nobody knows, once the
//     server's session is known to be gone (outcome.go).
//
// # Transparency
//
// One concrete type per role answers for a missing inner interface exactly as
// database/sql would (ctxutil.go). The arguments of a direct call are checked
// by the inner connection only when that is needed, with the same errors.
package driver
