package driver

import (
	sqldriver "database/sql/driver"
	"errors"
	"reflect"
)

// mysqlSyntaxError is ER_PARSE_ERROR.
const mysqlSyntaxError = 1064

// mysqlUnknown lists the server's errors after which nobody knows whether a
// statement or a COMMIT took effect: the session or the server is being ended,
// perhaps after the commit, or the commit itself broke off.
var mysqlUnknown = map[uint64]bool{
	1053: true,                                     // ER_SERVER_SHUTDOWN
	1077: true,                                     // ER_NORMAL_SHUTDOWN
	1079: true,                                     // ER_SHUTDOWN_COMPLETE
	1152: true,                                     // ER_ABORTING_CONNECTION
	1158: true, 1159: true, 1160: true, 1161: true, // ER_NET_…: the packet's way to or from the server
	1180: true,             // ER_ERROR_DURING_COMMIT
	1184: true,             // ER_NEW_ABORTING_CONNECTION
	1927: true,             // ER_CONNECTION_KILLED (MariaDB)
	2006: true, 2013: true, // a client's or a proxy's own: gone away, lost
	3101: true, // ER_TRANSACTION_ROLLBACK_DURING_COMMIT
}

// mysqlNumber is the number of a server's error, asked of the driver's type by
// its shape, so that no driver is imported: a struct with the fields Number,
// SQLState and Message.
func mysqlNumber(err error) (number uint64, known bool) {
	for ; err != nil; err = unwrapped(err) {
		v := reflect.ValueOf(err)
		if v.Kind() == reflect.Pointer && !v.IsNil() {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct || v.Type().Name() != "MySQLError" {
			continue
		}
		if n := v.FieldByName("Number"); n.IsValid() && n.CanUint() {
			return n.Uint(), true
		}
	}
	return 0, false
}

// unwrapped is one step down a chain of errors; of several it takes the first.
func unwrapped(err error) error {
	switch e := err.(type) { //nolint:errorlint // each step of the chain is looked at
	case interface{ Unwrap() error }:
		return e.Unwrap()
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			return inner
		}
	}
	return nil
}

// mysqlOutcome knows go-sql-driver's rules: driver.ErrBadConn is returned only
// where nothing was sent, or where the server refused a write as a replica.
func mysqlOutcome(err error) Outcome {
	if number, known := mysqlNumber(err); known {
		if mysqlUnknown[number] {
			return Unknown
		}
		return Answered
	}
	if errors.Is(err, sqldriver.ErrBadConn) {
		return NotSent
	}
	return Unknown
}
