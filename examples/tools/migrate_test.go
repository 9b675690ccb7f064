package tools

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	mysqlmigrate "github.com/golang-migrate/migrate/v4/database/mysql"
	postgresmigrate "github.com/golang-migrate/migrate/v4/database/postgres"
	sqlitemigrate "github.com/golang-migrate/migrate/v4/database/sqlite3"
	"github.com/golang-migrate/migrate/v4/source/iofs"
)

// migrateInstance is golang-migrate over an open database. It takes the form of
// a data source name from its own scheme, so the database is opened by the
// program and handed over. A file is sent as one text: moneyclip reads each of
// its statements.
func migrateInstance(db *sql.DB, name string) (*migrate.Migrate, error) {
	files, err := iofs.New(migrations, "migrations/migrate")
	if err != nil {
		return nil, err
	}
	var d database.Driver
	switch name {
	case "sqlite3":
		d, err = sqlitemigrate.WithInstance(db, &sqlitemigrate.Config{})
	case "mysql":
		d, err = mysqlmigrate.WithInstance(db, &mysqlmigrate.Config{})
	default:
		d, err = postgresmigrate.WithInstance(db, &postgresmigrate.Config{})
	}
	if err != nil {
		return nil, err
	}
	return migrate.NewWithInstance("iofs", files, name, d)
}

func TestGolangMigrateMigratesUnderReaders(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		if b.driver == "pgx" {
			t.Skip("golang-migrate has a package of its own for pgx")
		}
		m, err := migrateInstance(b.cached(t), b.driver)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			source, db := m.Close()
			if err := errors.Join(source, db); err != nil {
				t.Error(err)
			}
		}()
		w := newWatcher(t, b)
		for _, step := range []struct {
			name string
			n    int
			want string
		}{
			{"up to 1", 1, "id=1 name=tom"},
			{"up to 2", 1, "id=1 name=tom surname=haverford"},
			{"down to 1", -1, "id=1 name=tom"},
			{"up to 2 again", 1, "id=1 name=tom surname=haverford"},
		} {
			if err := m.Steps(step.n); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			w.sees(step.name, step.want)
		}
	})
}
