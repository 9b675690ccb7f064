package policy

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"
)

// A session of MySQL is named by: the connection's id, "@", when its server
// started in seconds, "@", which server it is to which account, "@", and the
// host and port of the client. The id alone would be taken for another
// connection's after a restart, which counts from the beginning again.

// restartTolerance is how far two answers on a server's start may be apart, in
// seconds.
const restartTolerance = 2

// identity condenses what tells the servers apart that one process reaches.
func (s *mysqlServer) identity() string {
	var parts []string
	for _, name := range [...]string{"hostname", "port", "socket", "datadir", "server_id", "server_uid", "server_uuid"} {
		parts = append(parts, s.settings[name])
	}
	sum := fingerprint(parts)
	return hex.EncodeToString(sum[:])
}

// seer condenses the server and the account: one account sees its own threads,
// but perhaps no other's.
func (s *mysqlServer) seer() string {
	sum := fingerprint([]string{s.identity(), s.thread[1]})
	return hex.EncodeToString(sum[:8])
}

// backend names the session; empty where the server does not show it, as
// behind a proxy that has ids of its own.
func (s *mysqlServer) backend() string {
	id, host, start := s.thread[3], s.thread[4], s.thread[5]
	if !digits(id, false) || !digits(start, false) || host == "" {
		return ""
	}
	return id + "@" + start + "@" + s.seer() + "@" + host
}

// goneMySQL looks for a session, and kills it where it is still there: the
// server goes on with a statement whose client has left, until it has something
// to send. Threads of the account's own need no privilege, neither to be seen
// nor to be killed. A thread that ends leaves the list once it has rolled back.
func goneMySQL(ctx context.Context, q Queryer, backend string) (bool, error) {
	parts := strings.SplitN(backend, "@", 4)
	if len(parts) != 4 || !digits(parts[0], false) || !digits(parts[1], false) || parts[3] == "" {
		return false, nil
	}
	server, err := askMySQL(ctx, q)
	if err != nil {
		return false, err
	}
	if server.backend() == "" || server.seer() != parts[2] {
		return false, nil // another server, or one that shows nothing
	}
	before, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return false, nil
	}
	now, err := strconv.ParseInt(server.thread[5], 10, 64)
	if err != nil {
		return false, nil
	}
	if now-before > restartTolerance || before-now > restartTolerance {
		return true, nil // the server has started again since
	}
	if now != before && !strings.Contains(parts[3], ":") {
		// Over a socket all clients have one host: what it cannot tell apart is
		// not killed.
		return false, nil
	}
	gone, err := absentMySQL(ctx, q, parts[0], parts[3])
	if err != nil || gone {
		return gone, err
	}
	if _, err := q.Query(ctx, `KILL CONNECTION `+parts[0]); err != nil {
		// It may have ended in between.
		if gone, again := absentMySQL(ctx, q, parts[0], parts[3]); again == nil && gone {
			return true, nil
		}
		return false, err
	}
	return false, nil
}

// absentMySQL reports whether the server has no thread of an id and a client.
func absentMySQL(ctx context.Context, q Queryer, id, host string) (bool, error) {
	rows, err := queryText(ctx, q, 1, `SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = `+id+myAll)
	if err != nil {
		return false, err
	}
	return len(rows) == 0 || len(rows) == 1 && rows[0][0] != host, nil
}
