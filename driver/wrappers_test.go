package driver_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// outerDriver is what a tracing library puts around a registered driver: it
// was asked for with an empty data source name, and opens by it later.
type outerDriver struct{ below sqldriver.Driver }

func (d outerDriver) Open(dsn string) (sqldriver.Conn, error) { return d.below.Open(dsn) }

func (d outerDriver) OpenConnector(dsn string) (sqldriver.Connector, error) {
	c, err := d.below.(sqldriver.DriverContext).OpenConnector(dsn)
	return outerConnector{c, d}, err
}

type outerConnector struct {
	sqldriver.Connector
	driver sqldriver.Driver
}

func (c outerConnector) Driver() sqldriver.Driver { return c.driver }

func (c outerConnector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	below, err := c.Connector.Connect(ctx)
	return unwrapConn{rawConn{below}}, err
}

// rawConn and unwrapConn reveal the connection below, each in its way.
type rawConn struct{ sqldriver.Conn }

func (c rawConn) Raw() sqldriver.Conn { return c.Conn }

type unwrapConn struct{ sqldriver.Conn }

func (c unwrapConn) Unwrap() sqldriver.Conn { return c.Conn }

// selfConn reveals only itself.
type selfConn struct{ sqldriver.Conn }

func (c selfConn) Raw() sqldriver.Conn { return c }

var registrations atomic.Int64

// registerShop registers a driver with a policy by which t is not cached.
func registerShop(t *testing.T) string {
	t.Helper()
	name := "wrapped" + string('a'+rune(registrations.Add(1)))
	err := driver.Register(name, "sqlite3", parse.SQLite, driver.WithPolicy(policy.Policy{
		Tables: map[string]policy.TableRule{"t": {Off: true}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return "moneyclip+" + name
}

// openAround does as otelsql.Register does, and opens.
func openAround(t *testing.T, name, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(name, "")
	if err != nil {
		t.Fatal(err)
	}
	below := db.Driver()
	db.Close()
	c, err := outerDriver{below}.OpenConnector(dsn)
	if err != nil {
		t.Fatal(err)
	}
	around := sql.OpenDB(c)
	t.Cleanup(func() { around.Close() })
	return around
}

func TestWrapperFindsTheDriverUnderAnEmptyName(t *testing.T) {
	db, err := sql.Open(registerShop(t), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(); err == nil || !strings.Contains(err.Error(), "no store is named") {
		t.Errorf("the first use says %v, not that no store is named", err)
	}
	if _, err := sql.Open("moneyclip+sqlite3", "t.db"); err == nil {
		t.Error("a name without a store was opened")
	}
}

func TestWrapperKeepsTheOptionsOfARegistration(t *testing.T) {
	dsn := "file:" + filepath.Join(t.TempDir(), "t.db") + "?moneyclip_store=memory"
	mustExec(t, openUntilEnd(t, "moneyclip+sqlite3", dsn), "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
	name := registerShop(t)
	// A wrapper may also take the driver from a database that is open.
	direct := openUntilEnd(t, name, dsn)
	again, err := outerDriver{direct.Driver()}.OpenConnector(dsn)
	if err != nil {
		t.Fatal(err)
	}
	for _, db := range []*sql.DB{openAround(t, name, dsn), sql.OpenDB(again)} {
		defer db.Close()
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		h, err := driver.OfConn(c)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := h.Explain(t.Context(), "SELECT v FROM t WHERE id = 1"); err != nil || d.Code != policy.BypassPolicy {
			t.Errorf("%+v, %v: the policy of Register is lost", d, err)
		}
	}
}

func TestRawAndOfConnReachThroughWrappersOnBothSides(t *testing.T) {
	file := filepath.Join(t.TempDir(), "t.db")
	db := openAround(t, "moneyclip+sqlite3", "file:"+file+"?moneyclip_store=memory")
	if _, err := driver.Of(db); err == nil || !strings.Contains(err.Error(), "OfConn") {
		t.Errorf("Of does not lead to OfConn: %v", err)
	}
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := driver.OfConn(c); err != nil {
		t.Error(err)
	}
	err = driver.Raw(t.Context(), c, func(dc any) error {
		_, err := dc.(sqldriver.ExecerContext).ExecContext(t.Context(), "CREATE TABLE t (id INTEGER PRIMARY KEY)", nil)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestConnectionsThatLeadNowhereAreRefused(t *testing.T) {
	bare := openUntilEnd(t, "sqlite3", ":memory:")
	c, err := bare.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := driver.OfConn(c); err == nil || !strings.Contains(err.Error(), "not moneyclip's") {
		t.Errorf("a plain connection: %v", err)
	}
	endless := sql.OpenDB(connectorFunc(func(ctx context.Context) (sqldriver.Conn, error) {
		return selfConn{}, nil
	}))
	defer endless.Close()
	e, err := endless.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := driver.OfConn(e); err == nil {
		t.Error("a connection that reveals itself was taken for ours")
	}
}

type connectorFunc func(context.Context) (sqldriver.Conn, error)

func (f connectorFunc) Connect(ctx context.Context) (sqldriver.Conn, error) { return f(ctx) }
func (f connectorFunc) Driver() sqldriver.Driver                            { return nil }
