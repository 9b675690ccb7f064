package policy

// The catalog's queries in MySQL and MariaDB. information_schema shows an
// account what it has privileges on, and keeps silent about the rest: see
// catalog_mysql_grants.go for what that makes of the answers.

const (
	// Databases of the server itself are left out: a read of an unknown table
	// bypasses, and a write of one invalidates everything.
	myUsers = ` NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys', 'ndbinfo')` + myAll

	// Without a LIMIT sql_select_limit would leave rows out, of SHOW too.
	myAll = ` LIMIT 18446744073709551615`

	// Either server keeps settings and status elsewhere: MariaDB skips what is
	// marked for MySQL 5.7 and later, MySQL what is marked for MariaDB.
	myVariables = `SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE
FROM /*!50700 performance_schema.session_variables */ /*M! information_schema.SESSION_VARIABLES */ WHERE VARIABLE_NAME IN `
	myStatus = `/*!50700 performance_schema.global_status */ /*M! information_schema.GLOBAL_STATUS */`

	// A name that the server does not know is no error here. in_transaction is
	// MariaDB's alone.
	mySettings = myVariables + `('lower_case_table_names', 'version', 'partial_revokes', 'in_transaction')` + myAll

	myDatabase = `SELECT DATABASE()` + myAll

	// Also what the account's active roles were granted.
	myGrants = `SHOW GRANTS`

	myTables = `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA` + myUsers

	myColumns = `SELECT TABLE_SCHEMA, TABLE_NAME, CAST(LPAD(ORDINAL_POSITION, 5, '0') AS CHAR), COLUMN_NAME, DATA_TYPE, COLUMN_TYPE,
  CAST(CHARACTER_MAXIMUM_LENGTH AS CHAR), CHARACTER_SET_NAME, COLLATION_NAME, EXTRA, GENERATION_EXPRESSION
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA` + myUsers

	// Of an index on an expression the column is NULL.
	myIndexes = `SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, CAST(LPAD(SEQ_IN_INDEX, 5, '0') AS CHAR), COLUMN_NAME, CAST(SUB_PART AS CHAR)
FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND TABLE_SCHEMA` + myUsers

	// MariaDB shows the actions only to those who may do more than SELECT: an
	// action that is not shown is taken for one that does something.
	myForeignKeys = `SELECT k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, r.DELETE_RULE, r.UPDATE_RULE
FROM information_schema.KEY_COLUMN_USAGE AS k LEFT JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r
  ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.REFERENCED_TABLE_NAME IS NOT NULL AND k.TABLE_SCHEMA` + myUsers

	myTriggers = `SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA` + myUsers

	myRoutines = `SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_TYPE <> 'PROCEDURE' AND ROUTINE_SCHEMA` + myUsers

	// Empty for those who may not SHOW VIEW.
	myViews = `SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA` + myUsers
)
