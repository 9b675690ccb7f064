package driver

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// schema is a catalog declared in SQL files, instead of the database's own.
// The zero value is none: the database is asked.
type schema struct {
	paths []string
	texts []policy.SchemaFile
}

func (s *schema) declared() bool { return len(s.paths)+len(s.texts) > 0 }

// catalog reads the files, each time anew: a program that runs for weeks may
// be given other ones.
// session is asked for the settings that are not in them, unless it is nil.
func (s *schema) catalog(ctx context.Context, session policy.Queryer, d parse.Dialect, database string) (*policy.Catalog, error) {
	files := s.texts
	if len(s.paths) > 0 {
		read, err := policy.ReadSchema(s.paths...)
		if err != nil {
			return nil, err
		}
		files = append(read, files...)
	}
	return policy.DeclareFor(ctx, session, d, database, files...)
}

// WithSchema declares the schema by SQL files, so that the database is not
// asked for its catalog: a file, or a folder of files, as sqlc reads them
// (migrations of goose, dbmate and golang-migrate: their up parts). What the
// files do not say the wrapper does not know; a trigger that is only in the
// database makes stale reads.
func WithSchema(paths ...string) Option {
	return func(c *config) { c.schema.paths = append(c.schema.paths, paths...) }
}

// WithSchemaText is [WithSchema] for a text; name stands for it in messages.
func WithSchemaText(name, text string) Option {
	return func(c *config) {
		c.schema.texts = append(c.schema.texts, policy.SchemaFile{Name: name, Text: text})
	}
}

// schemaParameter reads moneyclip_schema: paths parted by commas.
func schemaParameter(c *config, v string) error {
	if c.schema.declared() {
		return nil // the code has said it
	}
	for path := range strings.SplitSeq(v, ",") {
		if path = strings.TrimSpace(path); path == "" {
			return errors.New("want one or several paths of SQL files or folders, parted by commas")
		}
		c.schema.paths = append(c.schema.paths, path)
	}
	return nil
}

// catalogOf is the declared catalog, or that of the database behind q.
func (cn *connector) catalogOf(ctx context.Context, q queryer) (*policy.Catalog, error) {
	switch s := &cn.cfg.schema; {
	case !s.declared():
		return policy.Load(ctx, cn.cfg.dialect, q)
	case cn.cfg.mock:
		return s.catalog(ctx, nil, cn.cfg.dialect, cn.cfg.database)
	default:
		return s.catalog(ctx, q, cn.cfg.dialect, cn.cfg.database)
	}
}

// absolute makes the paths independent of the working directory: they are read
// again while the program runs.
func (s *schema) absolute() error {
	for i, path := range s.paths {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		s.paths[i] = absolute
	}
	return nil
}

// mocked reports whether the inner driver is go-sqlmock, which answers what a
// test expects and nothing else: it is never asked for anything of our own.
// inner is the name it is registered under, or the type of its driver.
func mocked(inner string) bool { return inner == "sqlmock" || inner == "*sqlmock.mockDriver" }

// mocks settles what a mock cannot be asked for.
func (c *config) mocks() error {
	switch {
	case c.dialect == parse.UnknownDialect:
		return errors.New("moneyclip: sqlmock has no dialect of its own: add moneyclip_dialect=postgresql, mysql or sqlite")
	case !c.schema.declared():
		return errors.New("moneyclip: sqlmock cannot be asked for a catalog: declare the schema by moneyclip_schema=path/to/schema.sql, or by driver.WithSchema")
	}
	c.mock = true
	if c.outcome == nil {
		// An error that a test expects is the answer that it expects.
		c.outcome = func(error) Outcome { return Answered }
	}
	return nil
}
