// Package tools shows moneyclip under the libraries that a team already has:
// sqlx, goose, golang-migrate, a transaction helper, sqlc's WithTx, another
// SQLite driver (modernc.org/sqlite) and tracing (otelsql). The code worth
// taking over stands in the files of the libraries' names; the tests run it on
// SQLite, PostgreSQL and MariaDB and look at what the cache did meanwhile.
//
// The package is a Go module of its own, so that no program that uses moneyclip
// pays for the dependencies of these libraries:
//
//	cd examples/tools && go test ./...
package tools
