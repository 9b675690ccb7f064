package tools

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// gooseProvider migrates a database that is open through moneyclip. goose asks
// for its dialect by a name of its own, so nothing is to be told of the
// driver's. Statements in files and functions in Go alike run through the
// wrapper: every process that reads through it is fresh when a migration is
// over, and while it runs.
func gooseProvider(db *sql.DB, dialect goose.Dialect) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/goose")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files,
		goose.WithGoMigrations(goose.NewGoMigration(4,
			&goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "UPDATE person SET name = 'in Go' WHERE id = 1")
				return err
			}},
			&goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "UPDATE person SET name = 'TOM' WHERE id = 1")
				return err
			}},
		)),
	)
}
