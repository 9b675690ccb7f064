package driver

import (
	"errors"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

// outcome says what is known of a write after err.
func (c *conn) outcome(err error) Outcome {
	if f := c.cn.cfg.outcome; f != nil {
		return f(err)
	}
	return OutcomeOf(c.cn.cfg.dialect, err)
}

// OutcomeOf says what an error of a write means by the dialect alone: what
// [WithOutcome] replaces. A layer that hides its driver's errors (from
// errors.As) is registered with an outcome that takes them out and asks this.
func OutcomeOf(d parse.Dialect, err error) Outcome {
	switch d {
	case parse.SQLite: // in the process: every error is an answer
		return Answered
	case parse.PostgreSQL:
		return postgresOutcome(err)
	case parse.MySQL:
		return mysqlOutcome(err)
	}
	return Unknown
}

// refusedSyntax reports whether the server did not understand a text either.
func (c *conn) refusedSyntax(err error) bool {
	switch c.cn.cfg.dialect {
	case parse.PostgreSQL:
		return sqlState(err) == syntaxError
	case parse.MySQL:
		number, known := mysqlNumber(err)
		return known && number == mysqlSyntaxError
	}
	return false
}

// refused reports whether err is a server's answer, not a broken connection.
func (c *conn) refused(err error) bool {
	switch c.cn.cfg.dialect {
	case parse.PostgreSQL:
		return sqlState(err) != "" && postgresOutcome(err) == Answered
	case parse.MySQL:
		_, known := mysqlNumber(err)
		return known && mysqlOutcome(err) == Answered
	}
	return false
}

const syntaxError = "42601"

// sqlState is the SQLSTATE of an error of pgx or lib/pq, empty without one.
func sqlState(err error) string {
	var stated interface{ SQLState() string }
	if errors.As(err, &stated) {
		return stated.SQLState()
	}
	return ""
}

// postgresOutcome asks the error by behaviour, so that no driver is imported.
func postgresOutcome(err error) Outcome {
	var unsent interface{ SafeToRetry() bool } // pgx
	if errors.As(err, &unsent) && unsent.SafeToRetry() {
		return NotSent
	}
	state := sqlState(err)
	switch {
	case len(state) != 5,
		state == "40003",                // statement_completion_unknown
		strings.HasPrefix(state, "08"),  // connection exceptions, transaction_resolution_unknown
		strings.HasPrefix(state, "57P"), // the server or the session is being ended, perhaps after the commit
		strings.HasPrefix(state, "58"),  // system errors
		strings.HasPrefix(state, "F0"),
		strings.HasPrefix(state, "XX"): // internal errors
		return Unknown
	}
	return Answered
}
