// Package parse turns SQL text into facts. It is pure: no I/O, no clock, no
// database, and no knowledge of what the facts are used for.
//
// One call of [Parse], step by step:
//
//  1. The text is refused where no parser should see it: longer than 1 MiB,
//     a NUL byte, not UTF-8 (PostgreSQL, and MySQL outside of strings). Refused
//     means facts of kind [Opaque] with the reason, never an error.
//  2. The scanner (scanner.go) cuts the text into tokens once, knowing quotes
//     and comments but no grammar, and the surveyor (survey.go) counts what
//     nests. The parsers recurse on the goroutine's stack, which no recover
//     can save once it overflows, so a text that nests more than 200 deep, or
//     holds more than 2000 words that nest without parentheses, is refused. So
//     is a text whose meaning depends on standard_conforming_strings. Of MySQL
//     (scanner_mysql.go, survey_mysql.go) a comment that some server runs, a
//     hint that sets a variable, a chain of more than 5000 operators and what
//     marino would read too often are refused, too; a text that depends on
//     sql_mode is marked, not refused.
//  3. The dialect's parser makes a tree. A panic is recovered and reported in
//     Facts.Panicked; the text is opaque.
//  4. The dialect's walk (postgres*.go, mysql*.go, sqlite*.go) visits every node and
//     tells the builder (builder.go) what it sees: tables, writes, functions,
//     operators, types, parameters. A node that the walk does not know makes
//     the whole text opaque: a new version of a parser cannot smuggle in
//     syntax that nobody has thought about.
//  5. Of one plain SELECT over one table the builder makes Facts.Select.
//  6. Where the parser did not accept the text, the survey answers: one
//     statement that begins as a read does, and in which no writing or locking
//     word stands anywhere, is a read of unknown tables; else it is opaque.
//  7. Where the parser says read, the survey has a veto. If it saw INSERT
//     INTO, DELETE FROM, UPDATE … SET, MERGE INTO or INTO where a statement or
//     a part of one begins, or a statement that begins as no read does, or
//     another number of statements, then one of the two is wrong, and the text
//     is opaque. FOR UPDATE is a lock, not a write; a column called "update",
//     a literal and a comment are neither. A false veto costs an
//     invalidation; it takes an alias like DELETE without AS, behind a
//     parenthesis and before FROM, in a text with WITH.
//  8. MySQL has a second parser (mysql_second.go), of another origin. What both
//     accept they must agree on: which statements write, and which tables are
//     named. If they do not, Facts.Disagreement says so; a read is kept under no
//     table then, a write changes whatever either of them found, and what only
//     one of them takes for a write is opaque. What only the first
//     accepts stands; what only the second accepts is not understood.
//  9. The query's name is read from sqlc's comment above it (name.go).
//
// MariaDB's INSERT, REPLACE and DELETE … RETURNING, which no parser of MySQL
// knows, is cut before the word: what stands before it is parsed as it is, and
// what stands behind it as the list of a SELECT (mysql_returning.go). A test
// asks a real server whether the cut is right.
//
// [Declare] reads a whole schema instead: the script is cut into statements by
// its tokens (schema_cut.go), the dialect's parser reads each one, and the
// statements that change what a database has become declarations
// (schema*.go), each with its line. There nothing is opaque: what is not
// understood is a mistake that the caller reports.
//
// [Plans] keeps what was made of each text, so that all of this happens once
// per text.
package parse
