package fakedb

import "database/sql/driver"

// conns holds one type for each set of interfaces of a connection that a test
// has needed so far: all 1024 would be a long file.
var conns = map[ConnRole]func(*conn) driver.Conn{
	0: func(c *conn) driver.Conn {
		type role struct{ *conn }
		return role{c}
	},
	Queryer: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryer
		}
		return role{c, queryer{c}}
	},
	QueryerContext: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
		}
		return role{c, queryerContext{c}}
	},
	Execer: func(c *conn) driver.Conn {
		type role struct {
			*conn
			execer
		}
		return role{c, execer{c}}
	},
	ExecerContext: func(c *conn) driver.Conn {
		type role struct {
			*conn
			execerContext
		}
		return role{c, execerContext{c}}
	},
	ConnPrepareContext: func(c *conn) driver.Conn {
		type role struct {
			*conn
			prepareContext
		}
		return role{c, prepareContext{c}}
	},
	ConnBeginTx: func(c *conn) driver.Conn {
		type role struct {
			*conn
			beginTx
		}
		return role{c, beginTx{c}}
	},
	Pinger: func(c *conn) driver.Conn {
		type role struct {
			*conn
			pinger
		}
		return role{c, pinger{c}}
	},
	SessionResetter: func(c *conn) driver.Conn {
		type role struct {
			*conn
			sessionResetter
		}
		return role{c, sessionResetter{c}}
	},
	Validator: func(c *conn) driver.Conn {
		type role struct {
			*conn
			validator
		}
		return role{c, validator{c}}
	},
	ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			connChecker
		}
		return role{c, connChecker{c}}
	},
	Queryer | Execer: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryer
			execer
		}
		return role{c, queryer{c}, execer{c}}
	},
	QueryerContext | ExecerContext: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execerContext
		}
		return role{c, queryerContext{c}, execerContext{c}}
	},
	Queryer | ExecerContext: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryer
			execerContext
		}
		return role{c, queryer{c}, execerContext{c}}
	},
	QueryerContext | Execer: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execer
		}
		return role{c, queryerContext{c}, execer{c}}
	},
	SessionResetter | Validator: func(c *conn) driver.Conn {
		type role struct {
			*conn
			sessionResetter
			validator
		}
		return role{c, sessionResetter{c}, validator{c}}
	},
	ConnPrepareContext | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			prepareContext
			connChecker
		}
		return role{c, prepareContext{c}, connChecker{c}}
	},
	Queryer | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryer
			connChecker
		}
		return role{c, queryer{c}, connChecker{c}}
	},
	Execer | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			execer
			connChecker
		}
		return role{c, execer{c}, connChecker{c}}
	},
	Queryer | Execer | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryer
			execer
			connChecker
		}
		return role{c, queryer{c}, execer{c}, connChecker{c}}
	},
	QueryerContext | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			connChecker
		}
		return role{c, queryerContext{c}, connChecker{c}}
	},
	ExecerContext | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			execerContext
			connChecker
		}
		return role{c, execerContext{c}, connChecker{c}}
	},
	QueryerContext | ExecerContext | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execerContext
			connChecker
		}
		return role{c, queryerContext{c}, execerContext{c}, connChecker{c}}
	},
	ConnBeginTx | SessionResetter: func(c *conn) driver.Conn {
		type role struct {
			*conn
			beginTx
			sessionResetter
		}
		return role{c, beginTx{c}, sessionResetter{c}}
	},
	ConnBeginTx | Validator: func(c *conn) driver.Conn {
		type role struct {
			*conn
			beginTx
			validator
		}
		return role{c, beginTx{c}, validator{c}}
	},
	ConnBeginTx | SessionResetter | Validator: func(c *conn) driver.Conn {
		type role struct {
			*conn
			beginTx
			sessionResetter
			validator
		}
		return role{c, beginTx{c}, sessionResetter{c}, validator{c}}
	},
	QueryerContext | ExecerContext | ConnPrepareContext | ConnBeginTx: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execerContext
			prepareContext
			beginTx
		}
		return role{c, queryerContext{c}, execerContext{c}, prepareContext{c}, beginTx{c}}
	},
	Queryer | Execer | ConnPrepareContext | ConnBeginTx | Pinger | SessionResetter | Validator | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryer
			execer
			prepareContext
			beginTx
			pinger
			sessionResetter
			validator
			connChecker
		}
		return role{c, queryer{c}, execer{c}, prepareContext{c}, beginTx{c}, pinger{c}, sessionResetter{c}, validator{c}, connChecker{c}}
	},
	ExecerContext | ConnPrepareContext | ConnBeginTx | Pinger | SessionResetter | Validator | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			execerContext
			prepareContext
			beginTx
			pinger
			sessionResetter
			validator
			connChecker
		}
		return role{c, execerContext{c}, prepareContext{c}, beginTx{c}, pinger{c}, sessionResetter{c}, validator{c}, connChecker{c}}
	},
	QueryerContext | ConnPrepareContext | ConnBeginTx | Pinger | SessionResetter | Validator | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			prepareContext
			beginTx
			pinger
			sessionResetter
			validator
			connChecker
		}
		return role{c, queryerContext{c}, prepareContext{c}, beginTx{c}, pinger{c}, sessionResetter{c}, validator{c}, connChecker{c}}
	},
	QueryerContext | ExecerContext | ConnBeginTx | Pinger | SessionResetter | Validator | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execerContext
			beginTx
			pinger
			sessionResetter
			validator
			connChecker
		}
		return role{c, queryerContext{c}, execerContext{c}, beginTx{c}, pinger{c}, sessionResetter{c}, validator{c}, connChecker{c}}
	},
	QueryerContext | ExecerContext | ConnPrepareContext | Pinger | SessionResetter | Validator | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execerContext
			prepareContext
			pinger
			sessionResetter
			validator
			connChecker
		}
		return role{c, queryerContext{c}, execerContext{c}, prepareContext{c}, pinger{c}, sessionResetter{c}, validator{c}, connChecker{c}}
	},
	QueryerContext | ExecerContext | ConnPrepareContext | ConnBeginTx | SessionResetter | Validator | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execerContext
			prepareContext
			beginTx
			sessionResetter
			validator
			connChecker
		}
		return role{c, queryerContext{c}, execerContext{c}, prepareContext{c}, beginTx{c}, sessionResetter{c}, validator{c}, connChecker{c}}
	},
	QueryerContext | ExecerContext | ConnPrepareContext | ConnBeginTx | Pinger | Validator | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execerContext
			prepareContext
			beginTx
			pinger
			validator
			connChecker
		}
		return role{c, queryerContext{c}, execerContext{c}, prepareContext{c}, beginTx{c}, pinger{c}, validator{c}, connChecker{c}}
	},
	QueryerContext | ExecerContext | ConnPrepareContext | ConnBeginTx | Pinger | SessionResetter | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execerContext
			prepareContext
			beginTx
			pinger
			sessionResetter
			connChecker
		}
		return role{c, queryerContext{c}, execerContext{c}, prepareContext{c}, beginTx{c}, pinger{c}, sessionResetter{c}, connChecker{c}}
	},
	QueryerContext | ExecerContext | ConnPrepareContext | ConnBeginTx | Pinger | SessionResetter | Validator: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execerContext
			prepareContext
			beginTx
			pinger
			sessionResetter
			validator
		}
		return role{c, queryerContext{c}, execerContext{c}, prepareContext{c}, beginTx{c}, pinger{c}, sessionResetter{c}, validator{c}}
	},
	QueryerContext | ExecerContext | ConnPrepareContext | ConnBeginTx | Pinger | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execerContext
			prepareContext
			beginTx
			pinger
			connChecker
		}
		return role{c, queryerContext{c}, execerContext{c}, prepareContext{c}, beginTx{c}, pinger{c}, connChecker{c}}
	},
	QueryerContext | ExecerContext | ConnPrepareContext | ConnBeginTx | Pinger | SessionResetter | Validator | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryerContext
			execerContext
			prepareContext
			beginTx
			pinger
			sessionResetter
			validator
			connChecker
		}
		return role{c, queryerContext{c}, execerContext{c}, prepareContext{c}, beginTx{c}, pinger{c}, sessionResetter{c}, validator{c}, connChecker{c}}
	},
	Queryer | QueryerContext | Execer | ExecerContext | ConnPrepareContext | ConnBeginTx | Pinger | SessionResetter | Validator | ConnNamedValueChecker: func(c *conn) driver.Conn {
		type role struct {
			*conn
			queryer
			queryerContext
			execer
			execerContext
			prepareContext
			beginTx
			pinger
			sessionResetter
			validator
			connChecker
		}
		return role{c, queryer{c}, queryerContext{c}, execer{c}, execerContext{c}, prepareContext{c}, beginTx{c}, pinger{c}, sessionResetter{c}, validator{c}, connChecker{c}}
	},
}
