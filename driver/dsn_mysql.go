package driver

import (
	"errors"
	"net/url"
	"strings"
)

// splitMySQL reads [user[:password]@][net[(addr)]]/dbname[?name=value&…]. The
// driver looks for the last slash, since a password may hold anything; a value
// of ours may hold slashes too (a Redis URL, as people write it), so the
// parameters are found by the first of ours: what stands before it is the
// driver's alone.
func splitMySQL(dsn string) (source, error) {
	own := len(dsn)
	for _, begin := range []string{"?" + prefix, "&" + prefix} {
		if at := strings.Index(dsn, begin); at >= 0 {
			own = min(own, at)
		}
	}
	// The driver's own grammar, up to ours.
	query := strings.LastIndexByte(dsn[:own], '/') + 1
	if at := strings.IndexByte(dsn[query:], '?'); at >= 0 {
		query += at
	} else if query = len(dsn); own < len(dsn) {
		return source{}, errors.New("moneyclip: a moneyclip_ parameter stands in a part of the data source name that is not behind the question mark: want user:password@tcp(host:3306)/dbname?moneyclip_…")
	}
	s := source{inner: dsn, params: map[string]string{}}
	name := dsn[strings.LastIndexByte(dsn[:min(own, query)], '/')+1 : query]
	if unescaped, err := url.PathUnescape(name); err == nil {
		s.database = unescaped
	}
	if query == len(dsn) {
		return s, nil
	}
	err := s.query(dsn[:query], dsn[query+1:])
	return s, err
}
