// Package fakedb is a database/sql driver for tests of what a wrapper forwards.
//
// A test says which of the optional interfaces of database/sql/driver each
// role has, what the queries answer, and which calls fail. The driver writes
// down every call it receives. One script run over the driver alone and over
// the driver wrapped shows what a wrapper changes: to the program, and to the
// driver behind it.
//
// Interfaces are present or absent as types: each combination that a test
// needs is a struct composed of the role and of one small type per interface
// (roles.go). What database/sql finds by a type assertion is what was asked
// for.
//
// The driver is as unpleasant as the contract allows: it uses the memory of a
// []byte again for the next row and spoils it at the end, and it reports a
// connection that is used by two goroutines at a time, or after its end.
package fakedb
