package policy

import (
	"context"
	"strings"
)

func inspectSQLite(ctx context.Context, q Queryer) (Session, error) {
	var s Session
	databases, err := queryText(ctx, q, 3, `PRAGMA database_list`)
	if err != nil {
		return s, err
	}
	for _, row := range databases {
		if row[1] == "main" {
			s.File = row[2]
		} else if row[1] != "temp" {
			s.NoCache = "another database is attached"
		}
	}
	var settings []string
	values := make(map[string]string)
	for _, name := range [...]string{
		"query_only", "read_uncommitted", "encoding", "reverse_unordered_selects", "full_column_names",
		"short_column_names", "empty_result_callbacks", "trusted_schema", "writable_schema",
	} {
		// An unknown pragma answers with no row, not with an error.
		rows, err := queryText(ctx, q, 1, `PRAGMA `+name)
		if err != nil {
			return s, err
		}
		for _, row := range rows {
			values[name] = row[0]
		}
		settings = append(settings, name+"="+values[name])
	}
	s.Fingerprint = fingerprint(settings)
	s.Replica = values["query_only"] == "1"
	switch {
	case s.File == "":
		s.NoCache = "an in-memory database"
	case values["read_uncommitted"] == "1":
		s.NoCache = "read_uncommitted is on"
	case values["writable_schema"] == "1":
		s.NoCache = "writable_schema is on"
	case strings.HasPrefix(s.File, "file:"), strings.HasPrefix(s.File, ":memory:"):
		s.NoCache = "the database's file cannot be told"
	}
	return s, nil
}
