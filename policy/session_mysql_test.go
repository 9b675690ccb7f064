package policy

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
)

// mysqlSession opens a connection as the driver does: in utf8mb4.
func mysqlSession(t testing.TB) database {
	t.Helper()
	db := mariadb(t)
	db.exec(t, `SET NAMES utf8mb4`)
	return db
}

func TestSessionMySQL(t *testing.T) {
	db := mysqlSession(t)
	s := db.session(t)
	if db.isMariaDB(t) != (s.Namespace == "") || (s.Namespace == "") != (s.NoNamespace != "") {
		t.Errorf("namespace %q, %q", s.Namespace, s.NoNamespace)
	}
	if strings.Count(s.Backend, "@") < 3 || s.Server == "" {
		t.Errorf("backend %q, server %q", s.Backend, s.Server)
	}
	if s.Replica || s.NoCache != "" || s.Manual || s.Foreign != "" {
		t.Errorf("%+v", s)
	}
	other := db.again(t, "mysql")
	other.exec(t, `SET NAMES utf8mb4`)
	o := other.session(t)
	if o.Fingerprint != s.Fingerprint || o.Backend == s.Backend || o.Server != s.Server || o.Namespace != s.Namespace {
		t.Errorf("another connection: %+v, want %+v", o, s)
	}
	if again := db.session(t); again != s {
		t.Errorf("the same connection: %+v, want %+v", again, s)
	}
	if o := mysqlSession(t).session(t); o.Fingerprint == s.Fingerprint || o.Server != s.Server {
		t.Errorf("another database: %+v", o)
	}
}

func TestSettingsChangeTheFingerprintMySQL(t *testing.T) {
	db := mysqlSession(t)
	seen := map[[16]byte]string{db.session(t).Fingerprint: "the default"}
	settings := []string{
		`time_zone = '+09:00'`, `lc_time_names = 'de_DE'`, `div_precision_increment = 7`, `sql_select_limit = 5`, `sql_auto_is_null = 1`,
		`default_week_format = 3`, `group_concat_max_len = 2000`, `max_sort_length = 64`,
		`sql_mode = ''`, `sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'`, `character_set_results = latin1`, `character_set_connection = latin1`,
		`collation_connection = utf8mb4_bin`, `character_set_client = latin1`, `SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED`,
	}
	if db.isMariaDB(t) {
		settings = append(settings, `old_mode = 'ZERO_DATE_TIME_CAST'`, `system_versioning_asof = '2001-01-01 00:00:00'`, `default_regex_flags = 'DOTALL'`)
	} else {
		settings = append(settings, `block_encryption_mode = 'aes-256-cbc'`)
	}
	for _, setting := range settings {
		other := db.again(t, "mysql")
		other.exec(t, `SET NAMES utf8mb4`)
		other.exec(t, `SET `+setting)
		s := other.session(t)
		if before, same := seen[s.Fingerprint]; same {
			t.Errorf("%s has the fingerprint of %s", setting, before)
		}
		seen[s.Fingerprint] = setting
	}
	other := db.again(t, "mysql")
	other.exec(t, `SET NAMES utf8mb4`, `SET @x = 1`, `SET sort_buffer_size = 65536`, `SET lock_wait_timeout = 5`, `SET timestamp = 1`)
	if seen[other.session(t).Fingerprint] != "the default" {
		t.Error("harmless settings change the fingerprint")
	}
}

func TestSessionsThatAreNotCachedMySQL(t *testing.T) {
	db := mysqlSession(t)
	for _, c := range []struct {
		text    string
		foreign bool
		noCache bool
		manual  bool
		replica bool
	}{
		{text: `SET autocommit = 0`, manual: true},
		{text: `SET completion_type = CHAIN`, manual: true},
		{text: `SET sql_mode = 'ANSI_QUOTES'`, foreign: true, noCache: true},
		{text: `SET sql_mode = 'NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'`, foreign: true, noCache: true},
		{text: `SET sql_mode = 'ANSI'`, foreign: true, noCache: true},
		{text: `SET sql_mode = 'PIPES_AS_CONCAT,NO_AUTO_VALUE_ON_ZERO'`},
		{text: `SET NAMES gbk`, foreign: true, noCache: true},
		{text: `SET NAMES latin1`, noCache: true},
		{text: `SET character_set_results = NULL`, noCache: true},
		{text: `SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED`, noCache: true},
		{text: `SET SESSION TRANSACTION READ ONLY`, replica: true},
	} {
		other := db.again(t, "mysql")
		other.exec(t, `SET NAMES utf8mb4`, c.text)
		s := other.session(t)
		if (s.Foreign != "") != c.foreign || (s.NoCache != "") != c.noCache || s.Manual != c.manual || s.Replica != c.replica {
			t.Errorf("%s: %+v", c.text, s)
		}
	}
	if db.isMariaDB(t) {
		for _, mode := range []string{"ORACLE", "MSSQL", "DB2", "POSTGRESQL", "MAXDB", "EMPTY_STRING_IS_NULL"} {
			other := db.again(t, "mysql")
			other.exec(t, `SET NAMES utf8mb4`, `SET sql_mode = '`+mode+`'`)
			if s := other.session(t); s.Foreign == "" {
				t.Errorf("%s: %+v", mode, s)
			}
		}
	}
}

// settings answers as a server of these settings would.
type settings map[string]string

func (s settings) Query(_ context.Context, query string) ([][]any, error) {
	switch query {
	case mySession:
		var rows [][]any
		for name, value := range s {
			rows = append(rows, []any{name, value})
		}
		return rows, nil
	case myThread:
		return [][]any{{"d", "u@%", "", "7", "host:1", "1000"}}, nil
	case mariadbChannels, mysql8Channels, mysql5Channels:
		if s["channels"] == "" {
			return nil, errors.New("denied")
		}
		return [][]any{{"x"}}[:len(s["channels"])-1], nil
	case myRunning:
		return [][]any{{"Slaves_running", s["running"]}}, nil
	}
	return nil, errAway
}

func TestServersThatFollowOthers(t *testing.T) {
	base := settings{
		"version": "8.4.0", "autocommit": "ON", "completion_type": "NO_CHAIN", "character_set_client": "utf8mb4", "character_set_connection": "utf8mb4",
		"character_set_results": "utf8mb4", "transaction_isolation": "REPEATABLE-READ", "server_uuid": "u-u",
	}
	for _, c := range []struct {
		name, key, value string
		replica, noCache bool
	}{
		{"nothing", "", "", false, false},
		{"a channel", "channels", "xx", true, false},
		{"no channel", "channels", "x", false, false},
		{"a thread that runs", "running", "1", true, false},
		{"no thread that runs", "running", "0", false, false},
		{"read_only", "read_only", "ON", true, false},
		{"read_only with another word", "read_only", "NO_LOCK", true, false},
		{"super_read_only", "super_read_only", "ON", true, false},
		{"innodb_read_only", "innodb_read_only", "ON", true, false},
		{"a replication group", "group_replication_group_name", "g", false, true},
		{"Galera", "wsrep_on", "ON", false, true},
		{"Galera, switched off here", "wsrep_provider", "/lib/galera.so", false, true},
		{"no Galera", "wsrep_provider", "none", false, false},
		{"another server", "version", "8.0.11-TiDB-v7.5.0", false, true},
		{"isolation that is not known", "transaction_isolation", "", false, true},
	} {
		of := settings{}
		for name, value := range base {
			of[name] = value
		}
		if c.key != "" {
			of[c.key] = c.value
		}
		s, err := Inspect(t.Context(), parse.MySQL, of)
		if err != nil || s.Replica != c.replica || (s.NoCache != "") != c.noCache || s.Namespace != "my-u-u" {
			t.Errorf("%s: %+v, %v", c.name, s, err)
		}
	}
	for wait, want := range map[string]bool{"0": true, "1": false, "6": true, "7": false} {
		base["wsrep_on"], base["wsrep_sync_wait"] = "ON", wait
		if s, err := Inspect(t.Context(), parse.MySQL, base); err != nil || (s.NoCache != "") != want {
			t.Errorf("wsrep_sync_wait %s: %+v, %v", wait, s, err)
		}
	}
}

// A restricted account may ask all of it.
func TestSessionOfAnAccountWithoutPrivileges(t *testing.T) {
	db := mysqlSession(t)
	as := db.account(t, db.name(t), []string{"SELECT ON db.*"})
	as.exec(t, `SET NAMES utf8mb4`)
	if s := as.session(t); s.Backend == "" || s.NoCache != "" || s.Replica {
		t.Errorf("%+v", s)
	}
}

func goneMySQLOf(t *testing.T, db database, backend string) bool {
	t.Helper()
	gone, err := Gone(t.Context(), parse.MySQL, connQueryer{db.Conn}, backend)
	if err != nil {
		t.Fatal(err)
	}
	return gone
}

// untilGone asks until the session is gone: the server takes a moment.
func untilGone(t *testing.T, db database, backend string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !goneMySQLOf(t, db, backend); {
		if time.Now().After(deadline) {
			t.Fatal("the session is not gone")
		}
	}
}

func TestGoneMySQL(t *testing.T) {
	db := mysqlSession(t)
	other := db.again(t, "mysql")
	backend := other.session(t).Backend
	id, rest, _ := strings.Cut(backend, "@")
	start, rest, _ := strings.Cut(rest, "@")
	seer, host, _ := strings.Cut(rest, "@")
	for name, odd := range map[string]string{
		"empty": "", "half": id, "no number": "x@" + start + "@" + seer + "@" + host, "a query": "1 OR 1=1@" + start + "@" + seer + "@" + host,
		"another server or account": id + "@" + start + "@" + "00" + seer[2:] + "@" + host, "no client": id + "@" + start + "@" + seer + "@",
	} {
		if goneMySQLOf(t, db, odd) {
			t.Errorf("%s is gone", name)
		}
	}
	// Whoever has the id now is not killed: it is another.
	for name, other := range map[string]string{
		"another client's": id + "@" + start + "@" + seer + "@" + host + "9", "one before a restart": id + "@1000@" + seer + "@" + host,
	} {
		if !goneMySQLOf(t, db, other) {
			t.Errorf("%s is not gone", name)
		}
	}
	if err := other.PingContext(t.Context()); err != nil {
		t.Fatalf("a session that was not asked for was killed: %v", err)
	}
	if goneMySQLOf(t, db, backend) {
		t.Error("gone while it is there")
	}
	untilGone(t, db, backend)
	var one int
	if err := other.QueryRowContext(t.Context(), `SELECT 1`).Scan(&one); err == nil {
		t.Error("the session still answers")
	}
}

// B17: the server waits for the lock after its client has left, and would
// change the row when it gets it.
func TestB17GoneEndsAWriteThatWaits(t *testing.T) {
	db := mysqlSession(t)
	db.exec(t, `CREATE TABLE t (id int PRIMARY KEY, v int)`, `INSERT INTO t VALUES (1, 1)`)
	holder := db.again(t, "mysql")
	holder.exec(t, `BEGIN`, `UPDATE t SET v = 2 WHERE id = 1`)
	// A driver of its own context: a context that ends closes the connection.
	waiter := db.again(t, "mysql")
	backend := waiter.session(t).Backend
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := waiter.ExecContext(ctx, `UPDATE t SET v = 3 WHERE id = 1`)
		ended <- err
	}()
	id, _, _ := strings.Cut(backend, "@")
	for waiting := 0; waiting == 0; {
		if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM information_schema.PROCESSLIST WHERE ID = `+id+` AND INFO LIKE 'UPDATE t SET v = 3%'`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("the write ended with %v", err)
	}
	if goneMySQLOf(t, db, backend) {
		t.Fatal("gone while it waits")
	}
	untilGone(t, db, backend)
	holder.exec(t, `ROLLBACK`)
	var v int
	if err := db.QueryRowContext(t.Context(), `SELECT v FROM t WHERE id = 1 FOR UPDATE`).Scan(&v); err != nil || v != 1 {
		t.Errorf("the row has %d (%v)", v, err)
	}
}

// Another server behind the same address knows nothing of the session, and one
// that has started again has ended it.
func TestGoneAfterARestart(t *testing.T) {
	server := testenv.StartMariaDB(t)
	connect := func() *sql.DB {
		cfg, err := mysql.ParseDSN(server.DSN())
		if err != nil {
			t.Fatal(err)
		}
		connector, err := mysql.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(connector)
		t.Cleanup(func() { db.Close() })
		return db
	}
	gone := func(backend string) bool {
		conn, err := connect().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return goneMySQLOf(t, database{Conn: conn}, backend)
	}
	session := open(t, parse.MySQL, "mysql", server.DSN()).session(t)
	before := session.Backend
	if session.Server == mysqlSession(t).session(t).Server {
		t.Error("two servers are taken for one")
	}
	id, rest, _ := strings.Cut(before, "@")
	_, rest, _ = strings.Cut(rest, "@")
	server.Restart()
	if !gone(before) && !gone(before) { // within the tolerance it is looked for by its client
		t.Error("not gone after a restart")
	}
	if !gone(id + "@1000@" + rest) {
		t.Error("a session of long ago is not gone")
	}
}
