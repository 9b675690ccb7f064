package tools

import (
	"database/sql"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/trace"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/parse"
)

// otelsql may stand on either side of moneyclip, or on both.

// registerTracedBelow makes "moneyclip+"+name a driver over pgx in otelsql's
// hands: a span is what reaches the database, a hit has none.
//
// The outcome says what an error of a write means. otelsql hands errors on as
// they are; a layer that packs them without Unwrap would hide from moneyclip
// that the server has answered, and every such write would count as one of
// which nobody knows whether it took effect.
func registerTracedBelow(name string, spans trace.TracerProvider) error {
	traced, err := otelsql.Register("pgx", otelsql.WithTracerProvider(spans))
	if err != nil {
		return err
	}
	return driver.Register(name, traced, parse.PostgreSQL, driver.WithOutcome(func(err error) driver.Outcome {
		return driver.OutcomeOf(parse.PostgreSQL, cause(err))
	}))
}

// cause takes off the layers that reveal the error below by a method Cause.
func cause(err error) error {
	for {
		layer, ok := err.(interface{ Cause() error })
		if !ok || layer.Cause() == nil {
			return err
		}
		err = layer.Cause()
	}
}

// openTracedAbove opens moneyclip in otelsql's hands: a span is what the
// program asks, answered by the cache or not. otelsql.Register, and OpenDB with
// a connector of driver.Wrap, do the same.
//
// The driver of such a database is otelsql's, which shows nothing of the one
// below: driver.Of cannot work there and says so. driver.OfConn can, because
// otelsql's connections have a method Raw; driver.Raw takes the same way down
// to pgx.
//
// Leave otelsql.WithSQLCommenter to the side below: it writes the trace into
// the text, and above moneyclip every call would be a text of its own.
func openTracedAbove(dsn string, spans trace.TracerProvider, options ...otelsql.Option) (*sql.DB, error) {
	return otelsql.Open("moneyclip+pgx", dsn, append(options, otelsql.WithTracerProvider(spans))...)
}
