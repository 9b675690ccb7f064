// Package readme holds the Go code that the README shows, so that it compiles
// and runs with the tests, and the tests of what else the README states: the
// ACL line, the decision codes, the parameters.
package readme
