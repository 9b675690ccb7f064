// Package policy decides: which rows a read may be served under, and what a
// write invalidates. It knows the database's catalog and the rules that a user
// wrote; the facts of a text come from package parse; it never sees a
// connection or a store. Deciders are pure and total, and where something is
// not understood a read bypasses and a write invalidates more.
//
// # One decision, as a story
//
//  1. [Load] reads the catalog of the live database, by a fixed number of
//     queries through a [Queryer]: tables and what kind each is, columns,
//     primary keys, unique indexes, foreign keys, triggers, functions with
//     their volatility. Each relation learns why its rows are not cached, if
//     they are not, and why a write to it invalidates everything, if it does.
//     All answers go into the [Catalog.Digest].
//     Where there is no database to ask, [Declare] makes the same from schema
//     files: it applies their statements to a database of its own that has
//     nothing but a schema, and that answers the same queries.
//  2. [ReadFile] reads a user's [Policy], if it is not made in Go. [Bind] checks
//     it against the catalog, all mistakes at once and each with its place in
//     the file, and gives the [Rules]. What the user declares of triggers and
//     functions stands in for what the catalog does not tell.
//  3. SELECT name FROM authors WHERE id = $1 arrives for the first time.
//     [Rules.Plan] resolves authors by the search path, sees that every name
//     in the text is one of its columns, that nothing volatile is called and
//     that WHERE is one equality on the primary key, and keeps where its value
//     comes from: the first argument. A text that fails any of this has the
//     constant answer bypass, with its [Code] and reason.
//  4. [Plan.Read] has the arguments: int64 5. The column is a bigint, and
//     (int8, int64) is an exact pair, so the row is public.authors, key
//     "i1:5". With the text "5" it would bypass: what the database finds equal
//     to a value of another type is its own affair.
//  5. UPDATE authors SET name = $1 WHERE id = $2 has a plan as well.
//     [Plan.Write] gives the same row, under the same name, or, where the
//     arguments or the text do not fix the key, the table; or everything, where
//     the database may do more than the text says: triggers, foreign-key
//     actions, rules, volatile user functions.
//     In MySQL the account may not see all that the database does: what it is
//     not known to see is taken to be there.
//  6. [Inspect] tells what one connection is to the database: which database,
//     under which settings, and whether it may be cached at all. A connection
//     that has left the settings of the catalog asks [Plan.WriteDirty].
package policy
