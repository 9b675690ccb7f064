package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// mysqlAnswers are the settings that change what a SELECT answers. A name that
// a server does not have counts for nothing.
var mysqlAnswers = [...]string{
	"block_encryption_mode", "character_set_client", "character_set_collations", "character_set_connection", "character_set_results",
	"collation_connection", "default_collation_for_utf8mb4", "default_regex_flags", "default_week_format", "div_precision_increment",
	"group_concat_max_len", "lc_messages", "lc_time_names", "lower_case_table_names", "max_allowed_packet", "max_sort_length",
	"mysql56_temporal_format", "old", "old_mode", "regexp_stack_limit", "regexp_time_limit", "resultset_metadata", "show_old_temporals",
	"sql_auto_is_null", "sql_mode", "sql_select_limit", "system_time_zone", "system_versioning_asof", "time_zone",
	"transaction_isolation", "tx_isolation", "version", "windowing_use_high_precision",
}

// mysqlState are the settings that tell which server this is, and whether its
// answers may be kept.
var mysqlState = [...]string{
	"autocommit", "completion_type", "datadir", "group_replication_group_name", "hostname", "in_transaction", "innodb_read_only", "port",
	"read_only", "server_id", "server_uid", "server_uuid", "socket", "super_read_only", "transaction_read_only", "tx_read_only",
	"version_comment", "wsrep_dirty_reads", "wsrep_on", "wsrep_provider", "wsrep_sync_wait",
}

var mySession = myVariables + `('` + strings.Join(append(mysqlAnswers[:], mysqlState[:]...), `', '`) + `')` + myAll

// myThread asks who the connection is. MySQL 5.7 has no roles. When the server
// started is asked for in one statement, for which its clock stands still.
const myThread = `SELECT DATABASE(), CURRENT_USER(), CONCAT('' /*!80000 , COALESCE(CURRENT_ROLE(), '') */ /*M!100005 , COALESCE(CURRENT_ROLE(), '') */),
  CAST(CONNECTION_ID() AS CHAR), (SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()),
  CAST(UNIX_TIMESTAMP() - CAST(VARIABLE_VALUE AS SIGNED) AS CHAR)
FROM ` + myStatus + ` WHERE VARIABLE_NAME = 'Uptime' LIMIT 2`

// The channels of replication, in each server's words; to ask for them takes a
// privilege that few accounts have. The status variables, which MySQL 8 no
// longer has, take none.
const (
	mariadbChannels = `SHOW ALL SLAVES STATUS`
	mysql8Channels  = `SHOW REPLICA STATUS`
	mysql5Channels  = `SHOW SLAVE STATUS`
)

const myRunning = `SELECT VARIABLE_NAME, VARIABLE_VALUE FROM ` + myStatus + ` WHERE VARIABLE_NAME IN ('Slave_running', 'Slaves_running')` + myAll

// mysqlServer is what the settings and the thread say of a connection.
type mysqlServer struct {
	settings map[string]string
	thread   []string // the columns of myThread
}

func askMySQL(ctx context.Context, q Queryer) (mysqlServer, error) {
	s := mysqlServer{settings: make(map[string]string)}
	settings, err := queryText(ctx, q, 2, mySession)
	if err != nil {
		return s, err
	}
	for _, row := range settings {
		s.settings[lowerASCII(row[0])] = row[1]
	}
	threads, err := queryText(ctx, q, 6, myThread)
	if err != nil {
		return s, err
	}
	if len(threads) != 1 {
		return s, errors.New("the server's start is not one row")
	}
	s.thread = threads[0]
	if s.settings["version"] == "" {
		return s, errors.New("the session's settings cannot be read")
	}
	return s, nil
}

func inspectMySQL(ctx context.Context, q Queryer) (Session, error) {
	server, err := askMySQL(ctx, q)
	if err != nil {
		return Session{}, err
	}
	of := server.settings
	_, mariadb := of["in_transaction"]
	replica, err := mysqlReplicates(ctx, q, mariadb, mysqlVersion(of["version"]))
	if err != nil {
		return Session{}, err
	}
	answers := slices.Clone(server.thread[:3])
	for _, name := range mysqlAnswers {
		value, known := of[name]
		answers = append(answers, fmt.Sprint(name, known, value))
	}
	s := Session{
		Fingerprint: fingerprint(answers),
		Server:      server.identity(),
		Backend:     server.backend(),
		// With completion_type CHAIN a COMMIT begins a transaction.
		Manual:  !on(of["autocommit"]) || of["completion_type"] != "NO_CHAIN",
		Foreign: mysqlForeign(of),
		Replica: replica || on(of["read_only"]) || on(of["super_read_only"]) || on(of["innodb_read_only"]) ||
			on(of["transaction_read_only"]) || on(of["tx_read_only"]),
	}
	s.NoCache = mysqlNoCache(of, s.Foreign)
	switch {
	case of["server_uuid"] != "":
		s.Namespace = "my-" + of["server_uuid"]
	case mariadb:
		s.NoNamespace = "MariaDB has no server uuid"
	default:
		s.NoNamespace = "the server has no uuid"
	}
	return s, nil
}

// on reports whether a setting is on, or anything but off: MariaDB's read_only
// has more values than two.
func on(value string) bool {
	switch strings.ToUpper(value) {
	case "", "OFF", "0", "NO":
		return false
	}
	return true
}

// mysqlReplicates reports whether the server follows another, as far as the
// account may know. An account that may not ask, on a server that has no status
// variable for it, is told by read_only alone.
func mysqlReplicates(ctx context.Context, q Queryer, mariadb bool, version int) (bool, error) {
	text := mysql5Channels
	switch {
	case mariadb:
		text = mariadbChannels
	case version >= 80022:
		text = mysql8Channels
	}
	if channels, err := q.Query(ctx, text); err == nil {
		return len(channels) > 0, nil
	}
	rows, err := queryText(ctx, q, 2, myRunning)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(rows, func(row []string) bool { return on(row[1]) }), nil
}

// mysqlModes are the sql_modes in which a text means something else than the
// parser says: where a string or a name ends, and what ” is. DB2 and the like
// hold some of them.
var mysqlModes = [...]string{
	"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "EMPTY_STRING_IS_NULL", "ORACLE", "ANSI", "MSSQL", "DB2", "POSTGRESQL", "MAXDB",
}

// mysqlForeign says why texts may mean something else than the parser says.
func mysqlForeign(of map[string]string) string {
	modes := strings.Split(strings.ToUpper(of["sql_mode"]), ",")
	for _, mode := range mysqlModes {
		if slices.Contains(modes, mode) {
			return "sql_mode holds " + mode
		}
	}
	switch of["character_set_client"] {
	case "utf8mb4", "utf8mb3", "utf8", "latin1", "ascii":
		return ""
	}
	// In some a backslash is the second byte of a character.
	return "character_set_client is " + orElse(of["character_set_client"], "not known")
}

// otherServers speak MySQL's protocol and dialect without being it.
var otherServers = [...]string{"tidb", "vitess", "oceanbase", "singlestore", "memsql", "dolt", "starrocks", "doris", "clickhouse"}

// mysqlNoCache says why a session may not be cached at all.
func mysqlNoCache(of map[string]string, foreign string) string {
	if foreign != "" {
		return foreign
	}
	version := lowerASCII(of["version"] + " " + of["version_comment"])
	for _, name := range otherServers {
		if strings.Contains(version, name) {
			return "the server is neither MySQL nor MariaDB"
		}
	}
	for _, name := range [...]string{"character_set_client", "character_set_connection", "character_set_results"} {
		if of[name] != "utf8mb4" {
			return name + " is not utf8mb4"
		}
	}
	provider := of["wsrep_provider"]
	galera := on(of["wsrep_on"]) || provider != "" && lowerASCII(provider) != "none"
	switch {
	case of["transaction_isolation"] == "READ-UNCOMMITTED", of["tx_isolation"] == "READ-UNCOMMITTED":
		return "the transaction isolation is READ-UNCOMMITTED"
	case of["transaction_isolation"] == "" && of["tx_isolation"] == "":
		return "the transaction isolation is not known"
	case of["group_replication_group_name"] != "":
		return "the server is of a replication group"
	case galera && (!waitsForReads(of["wsrep_sync_wait"]) || on(of["wsrep_dirty_reads"])):
		return "the server is of a Galera cluster, and wsrep_sync_wait does not have reads wait"
	case of["system_versioning_asof"] != "" && of["system_versioning_asof"] != "DEFAULT":
		return "system_versioning_asof is set"
	}
	return ""
}

// waitsForReads reports whether the first bit of wsrep_sync_wait is set.
func waitsForReads(value string) bool {
	return value != "" && strings.Contains("13579", value[len(value)-1:])
}
