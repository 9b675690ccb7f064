package policy

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

const (
	// The settings that change what a SELECT answers, and whether temporary
	// tables may stand before others. Those with a dot are
	// settings of extensions, whose types may be written by them; at their default
	// they count for nothing, since a session shows them only once the library
	// was loaded (PL/pgSQL's with the first function). Settings that
	// a program makes up are not shown to anybody who does not know their
	// names; they are read by current_setting, which is not immutable, and by
	// views and row-level security: none of that is cached.
	pgSession = `SELECT (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())::text,
  pg_backend_pid()::text,
  (SELECT extract(epoch FROM backend_start)::text FROM pg_catalog.pg_stat_activity WHERE pid = pg_backend_pid()),
  (pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' OR current_setting('default_transaction_read_only') = 'on')::text,
  current_setting('standard_conforming_strings'),
  current_setting('client_encoding'),
  current_user::text, session_user::text,
  array_to_string(ARRAY(SELECT quote_ident(s) FROM unnest(current_schemas(true)) AS s WHERE s NOT LIKE 'pg\_temp\_%'), ','),
  (SELECT string_agg(name || '=' || coalesce(setting, ''), E'\n' ORDER BY name) FROM pg_catalog.pg_settings
   WHERE (name LIKE '%.%' AND source <> 'default') OR name IN ('search_path', 'TimeZone', 'DateStyle', 'IntervalStyle', 'bytea_output', 'extra_float_digits',
     'lc_monetary', 'lc_numeric', 'lc_time', 'xmloption', 'xmlbinary', 'row_security', 'transform_null_equals', 'array_nulls',
     'quote_all_identifiers', 'backslash_quote', 'timezone_abbreviations', 'default_text_search_config', 'session_replication_role',
     'restrict_nonsystem_relation_kind', 'lo_compat_privileges')),
  (pg_my_temp_schema() <> 0)::text`

	// The timeline that is being written changes at once when a server is
	// promoted, the one of the last checkpoint only with the next checkpoint.
	// In recovery there is no such thing, and nothing is filled there.
	pgIdentity = `SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system())::text,
  CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint())::text
  ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END`
)

func inspectPostgreSQL(ctx context.Context, q Queryer) (Session, error) {
	rows, err := queryText(ctx, q, 11, pgSession)
	if err != nil {
		return Session{}, err
	}
	if len(rows) != 1 {
		return Session{}, errors.New("the session's settings are not one row")
	}
	row := rows[0]
	s := Session{
		Fingerprint: fingerprint(row[4:]),
		Replica:     row[3] != "false",
	}
	if row[1] != "" && row[2] != "" {
		s.Backend = row[1] + "@" + row[2]
	}
	switch {
	case row[4] != "on":
		s.NoCache = "standard_conforming_strings is off"
	case row[5] != "UTF8":
		s.NoCache = "client_encoding is not UTF8"
	}
	identity, err := queryText(ctx, q, 2, pgIdentity)
	switch {
	case err != nil:
		s.NoNamespace = "the server's identity cannot be read: " + err.Error()
	case len(identity) != 1 || identity[0][0] == "":
		s.NoNamespace = "the server has no identity"
	default:
		timeline, err := parseTimeline(identity[0][1])
		if err != nil {
			s.NoNamespace = "the server's timeline cannot be read"
			break
		}
		s.Namespace = "pg-" + identity[0][0] + "-" + timeline + "-" + row[0]
	}
	return s, nil
}

// parseTimeline reads a timeline: eight hexadecimal digits at the beginning of
// a WAL file's name, or a decimal number.
func parseTimeline(s string) (string, error) {
	base := 10
	if len(s) == 8 {
		base = 16
	}
	n, err := strconv.ParseUint(s, base, 32)
	if err != nil {
		return "", err
	}
	return strconv.FormatUint(n, 10), nil
}

// gonePostgreSQL asks for a backend by its process id and its start, since
// process ids are used again.
func gonePostgreSQL(ctx context.Context, q Queryer, backend string) (bool, error) {
	pid, start, _ := strings.Cut(backend, "@")
	if !digits(pid, false) || !digits(start, true) {
		return false, nil
	}
	rows, err := queryText(ctx, q, 1, `SELECT count(*)::text FROM pg_catalog.pg_stat_activity WHERE pid = `+pid+
		` AND (backend_start IS NULL OR extract(epoch FROM backend_start) = `+start+`)`)
	if err != nil {
		return false, err
	}
	return len(rows) == 1 && rows[0][0] == "0", nil
}

// digits reports whether s is a plain number: it becomes part of a query.
func digits(s string, point bool) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && !(point && s[i] == '.') {
			return false
		}
	}
	return s != ""
}
