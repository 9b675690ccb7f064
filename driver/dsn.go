package driver

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

// source is a data source name taken apart.
type source struct {
	inner  string            // what the inner driver gets
	params map[string]string // ours, by full name
	// others are the inner driver's own parameters, "key=value", sorted,
	// without those that say where the database is and who asks: what is left
	// may change how an answer looks.
	others []string

	sharedCache bool   // SQLite: cache=shared
	database    string // MySQL: between the slash and the question mark

	interpolates bool // MySQL: interpolateParams
}

const prefix = "moneyclip_"

// splitDSN cuts our parameters out of a data source name. One without any
// passes byte for byte. Errors never quote it.
func splitDSN(d parse.Dialect, dsn string) (source, error) {
	switch {
	case keyValueDSN(d, dsn):
		return splitKeyValue(dsn)
	case d == parse.MySQL:
		return splitMySQL(dsn)
	}
	return splitQuery(dsn)
}

// keyValueDSN tells libpq's "host=x port=y" from a URL.
func keyValueDSN(d parse.Dialect, dsn string) bool {
	return d == parse.PostgreSQL && !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://")
}

// splitQuery reads what stands behind the first question mark, in URLs and in
// SQLite's file names.
func splitQuery(dsn string) (source, error) {
	s := source{inner: dsn, params: map[string]string{}}
	head, query, found := strings.Cut(dsn, "?")
	if !found {
		return s, nil
	}
	err := s.query(head, query)
	return s, err
}

// query reads name=value&…, and puts the rest behind head again.
func (s *source) query(head, query string) error {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		key, raw, _ := strings.Cut(part, "=")
		if !strings.HasPrefix(key, prefix) {
			kept = append(kept, part)
			s.other(key, raw)
			continue
		}
		value, err := unescape(key, raw)
		if err != nil {
			return err
		}
		if err := s.param(key, value); err != nil {
			return err
		}
	}
	if len(s.params) > 0 {
		s.inner = head
		if len(kept) > 0 {
			s.inner += "?" + strings.Join(kept, "&")
		}
	}
	slices.Sort(s.others)
	return nil
}

// unescape reads a value as it was written: one that holds "://" is raw (the
// escapes in it are the inner URL's own), any other may be percent-escaped.
func unescape(key, raw string) (string, error) {
	if strings.Contains(raw, "://") {
		return raw, nil
	}
	value, err := url.PathUnescape(raw)
	if err != nil {
		return "", fmt.Errorf("moneyclip: %s: the value has a malformed percent-escape", key)
	}
	return value, nil
}

// splitKeyValue reads libpq's grammar: key = value, parted by blanks, values
// in single quotes where they hold blanks, backslash as escape.
func splitKeyValue(dsn string) (source, error) {
	s := source{inner: dsn, params: map[string]string{}}
	var kept strings.Builder
	i := 0
	blanks := func() {
		for i < len(dsn) && strings.IndexByte(" \t\r\n", dsn[i]) >= 0 {
			i++
		}
	}
	for {
		from := i
		blanks()
		start := i
		for i < len(dsn) && dsn[i] != '=' && strings.IndexByte(" \t\r\n", dsn[i]) < 0 {
			i++
		}
		key := dsn[start:i]
		blanks()
		if key == "" || i >= len(dsn) || dsn[i] != '=' {
			// Not of the grammar, or the end: the inner driver says what is wrong.
			kept.WriteString(dsn[from:])
			if strings.Contains(dsn[from:], prefix) {
				return source{}, errors.New("moneyclip: a moneyclip_ parameter stands in a part of the data source name that is not of the form key=value")
			}
			break
		}
		i++
		blanks()
		value, ok := "", true
		if value, i, ok = keyValueValue(dsn, i); !ok {
			if strings.HasPrefix(key, prefix) {
				return source{}, fmt.Errorf("moneyclip: %s: the closing quote is missing", key)
			}
		}
		if !strings.HasPrefix(key, prefix) {
			kept.WriteString(dsn[from:i])
			s.other(key, value)
			continue
		}
		value, err := unescape(key, value)
		if err != nil {
			return source{}, err
		}
		if err := s.param(key, value); err != nil {
			return source{}, err
		}
	}
	if len(s.params) > 0 {
		s.inner = strings.TrimLeft(kept.String(), " \t\r\n")
	}
	slices.Sort(s.others)
	return s, nil
}

// keyValueValue reads one value from i on. ok is false where a quote is not
// closed.
func keyValueValue(dsn string, i int) (value string, next int, ok bool) {
	quoted := i < len(dsn) && dsn[i] == '\''
	if quoted {
		i++
	}
	var b strings.Builder
	for ; i < len(dsn); i++ {
		switch ch := dsn[i]; {
		case ch == '\\' && i+1 < len(dsn):
			i++
			b.WriteByte(dsn[i])
		case quoted && ch == '\'':
			return b.String(), i + 1, true
		case !quoted && strings.IndexByte(" \t\r\n", ch) >= 0:
			return b.String(), i, true
		default:
			b.WriteByte(ch)
		}
	}
	return b.String(), i, !quoted
}

func (s *source) param(key, value string) error {
	if _, twice := s.params[key]; twice {
		return fmt.Errorf("moneyclip: %s is given twice", key)
	}
	s.params[key] = value
	return nil
}

// place lists parameters that say where the database is, who asks, or how the
// connection is kept, but never change an answer: the user, the search path
// and the like are in the session's own fingerprint.
var place = map[string]bool{
	"host": true, "hostaddr": true, "port": true, "user": true, "password": true, "passfile": true,
	"dbname": true, "database": true, "sslmode": true, "sslcert": true, "sslkey": true, "sslrootcert": true,
	"sslpassword": true, "sslsni": true, "sslinline": true, "sslnegotiation": true, "sslcrl": true,
	"connect_timeout": true, "application_name": true, "fallback_application_name": true,
	"target_session_attrs": true, "load_balance_hosts": true, "keepalives": true, "keepalives_idle": true,
	"keepalives_interval": true, "keepalives_count": true, "tcp_user_timeout": true, "service": true,
	"servicefile": true, "krbsrvname": true, "krbspn": true, "channel_binding": true,
	"_busy_timeout": true, "_timeout": true, "_txlock": true, "_journal_mode": true, "_journal": true,
	"_synchronous": true, "_sync": true, "_cache_size": true, "_mutex": true, "cache": true, "mode": true,
	"_foreign_keys": true, "_fk": true,

	"timeout": true, "readTimeout": true, "writeTimeout": true, "tls": true, "serverPubKey": true, "compress": true,
	"allowAllFiles": true, "allowCleartextPasswords": true, "allowFallbackToPlaintext": true,
	"allowNativePasswords": true, "allowOldPasswords": true, "checkConnLiveness": true, "rejectReadOnly": true,
	"connectionAttributes": true, "maxAllowedPacket": true, "clientFoundRows": true, "multiStatements": true,
}

func (s *source) other(key, value string) {
	s.sharedCache = s.sharedCache || key == "cache" && value != "private"
	s.interpolates = s.interpolates || key == "interpolateParams" && value != "false" && value != "0"
	if key != "" && !place[key] {
		s.others = append(s.others, key+"="+value)
	}
}
