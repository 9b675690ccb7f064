package tools

import (
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/parse"
)

// registerModernc makes "moneyclip+sqlite" a driver over modernc.org/sqlite,
// which moneyclip does not list. The dialect says how texts are read and the
// catalog is asked.
//
// The outcome says what an error of a write means. SQLite runs in the process,
// and this driver returns only when the statement is over, also where a context
// interrupted it: so every error is an answer. (That is the default for the
// dialect; it is written out for drivers that talk to a server.)
//
// The data source name is the driver's own, a file with or without "file:",
// and moneyclip's parameters:
//
//	file:/var/lib/shop.db?_pragma=journal_mode(WAL)&_txlock=immediate&moneyclip_store=memory
var registerModernc = sync.OnceValue(func() error {
	return driver.Register("sqlite", "sqlite", parse.SQLite,
		driver.WithOutcome(func(error) driver.Outcome { return driver.Answered }))
})
