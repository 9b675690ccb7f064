package driver_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"os"
	"strings"
	"testing"

	"github.com/DATA-DOG/go-sqlmock"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// inFolder opens a mock in a folder of its own, whose files are named by
// relative paths.
func inFolder(t *testing.T, files map[string]string, parameters string) (*sql.DB, *driver.Handle, sqlmock.Sqlmock) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plain, mock, err := sqlmock.NewWithDSN(t.Name())
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("moneyclip+sqlmock", t.Name()+"?moneyclip_store=memory&moneyclip_dialect=postgresql&"+parameters)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = db.Close(), plain.Close() })
	h, err := driver.Of(db)
	if err != nil {
		t.Fatal(err)
	}
	return db, h, mock
}

// The files are read again while the program runs, wherever it is by then.
func TestSchemaFilesAreFoundFromAnotherWorkingDirectory(t *testing.T) {
	db, h, mock := inFolder(t, map[string]string{"schema.sql": mockSchemas["postgresql"]}, "moneyclip_schema=schema.sql")
	mock.ExpectExec("CREATE TABLE").WillReturnResult(sqlmock.NewResult(0, 0))
	t.Chdir(t.TempDir())
	if _, err := db.Exec("CREATE TABLE other (id int)"); err != nil {
		t.Fatal(err)
	}
	if d, err := h.Explain(t.Context(), "SELECT name FROM authors WHERE id = $1", 1); err != nil || d.Code != policy.Miss {
		t.Errorf("%v %v, want a miss", d, err)
	}
}

// A policy that does not fit makes the catalog be read again, but not from a
// mock, which would be told to close.
func TestReloadOfAPolicyThatDoesNotFitAsksNoMock(t *testing.T) {
	_, h, mock := inFolder(t, map[string]string{"schema.sql": mockSchemas["postgresql"], "policy.yaml": "version: 1\n"},
		"moneyclip_schema=schema.sql&moneyclip_policy=policy.yaml")
	mock.ExpectClose()
	if err := os.WriteFile("policy.yaml", []byte("version: 1\ntables:\n  autors: {ttl: 1h}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.ReloadPolicy(t.Context()); err == nil || !strings.Contains(err.Error(), "authors") {
		t.Errorf("%v, want the nearest table", err)
	}
	if mock.ExpectationsWereMet() == nil {
		t.Error("the mock was told to close")
	}
}

// mockConnector is what a program gives to sql.OpenDB.
type mockConnector struct {
	dsn    string
	driver sqldriver.Driver
}

func (c mockConnector) Connect(context.Context) (sqldriver.Conn, error) { return c.driver.Open(c.dsn) }
func (c mockConnector) Driver() sqldriver.Driver                        { return c.driver }

func TestWrappedMockIsAMock(t *testing.T) {
	plain, mock, err := sqlmock.NewWithDSN("wrapped")
	if err != nil {
		t.Fatal(err)
	}
	inner := mockConnector{"wrapped", plain.Driver()}
	if _, err := driver.Wrap(inner, parse.PostgreSQL, driver.WithStore("memory")); err == nil || !strings.Contains(err.Error(), "WithSchema") {
		t.Errorf("%v, want what is missing", err)
	}
	connector, err := driver.Wrap(inner, parse.PostgreSQL, driver.WithStore("memory"), driver.WithSchemaText("schema.sql", mockSchemas["postgresql"]))
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer func() { _, _ = db.Close(), plain.Close() }()
	mock.ExpectQuery("SELECT").WillReturnRows(mockName("ann"))
	mockRead(t, db, "ann")
	mockRead(t, db, "ann")
	if err := mock.ExpectationsWereMet(); err != nil {
		t.Error(err)
	}
}
