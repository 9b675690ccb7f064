package cache

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net/url"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"

	"github.com/moneyclip/moneyclip/internal/testenv"
)

// Everything that PostgreSQL's two drivers make of its types comes back as
// they made it.
func TestD6WhatPostgresDriversReturnComesBackExactly(t *testing.T) {
	base := testenv.Postgres(t)
	queries := []string{
		`SELECT 1::int2, 2::int4, 9007199254740993::int8, '-9223372036854775808'::int8, NULL::int8, 4294967295::oid`,
		`SELECT 'NaN'::float8, 'Infinity'::float8, '-Infinity'::float4, '-0'::float8, 0.1::float4, 1e-320::float8`,
		`SELECT 1.5::numeric, 'NaN'::numeric, 1.50::numeric(10,4), 12345678901234567890.123456789::numeric`,
		`SELECT ''::text, 'größe'::varchar(40), 'x'::char(5), 'n'::name, '\x'::bytea, '\x00ff'::bytea, NULL::bytea, true, NULL::bool`,
		`SELECT '2024-07-01 12:30:15.123456'::timestamp, '2024-07-01 12:30:15.123456+02'::timestamptz, '2024-01-01'::date, '1883-11-18 12:00:00+00'::timestamptz`,
		`SELECT '4713-01-01 BC'::date, '0044-03-15 BC'::timestamp, '294276-12-31 23:59:59.999999'::timestamp, '4713-01-01 00:00:00 BC'::timestamp`,
		`SELECT 'infinity'::timestamptz, '-infinity'::timestamp`, `SELECT 'infinity'::date`,
		`SELECT '24:00:00'::time, '12:30:15.5'::time, '1 year 2 days'::interval`,
		`SELECT '12:30:15.5+05:30'::timetz`,
		`SELECT '00112233-4455-6677-8899-aabbccddeeff'::uuid, '{"a": 1}'::json, '{"b":[1,2]}'::jsonb, ARRAY[1,2,NULL], ARRAY['a','b c'], '{}'::text[]`,
		`SELECT '192.168.0.1/24'::inet, B'101'::bit(3), B'1'::varbit, '(1,2)'::point, '[1,5)'::int4range, '12.34'::money, '<a/>'::xml`,
		`SELECT FROM (VALUES (1), (2)) v`, `SELECT 1 WHERE false`, `SELECT 1 AS a, 2 AS a`,
	}
	for _, name := range []string{"postgres", "pgx"} {
		for _, zone := range []string{"UTC", "Etc/UTC", "Europe/Berlin", "Asia/Kolkata", "Africa/Monrovia", "<+0530>-05:30", "5.75"} {
			for _, mode := range []string{"", "simple_protocol"} {
				if mode != "" && name != "pgx" {
					continue
				}
				t.Run(name+"/"+zone+"/"+mode, func(t *testing.T) {
					u, err := url.Parse(base)
					if err != nil {
						t.Fatal(err)
					}
					q := u.Query()
					q.Set("TimeZone", zone)
					if mode != "" {
						q.Set("default_query_exec_mode", mode)
					}
					u.RawQuery = q.Encode()
					keepsWhatIsReturned(t, name, u.String(), "", queries)
				})
			}
		}
	}
}

func TestD6WhatSQLiteReturnsComesBackExactly(t *testing.T) {
	const schema = `CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, n NUMERIC(10,2), bo BOOLEAN, d DATE, dt DATETIME, ts TIMESTAMP, untyped, v VARCHAR(10));
INSERT INTO t VALUES
 (9007199254740993, -0.0, '', x'', 1.5, 1, '2024-01-01', '2024-07-01 12:30:15.123456789', 1700000000, NULL, 'größe'),
 (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, x'00ff', NULL),
 (-9223372036854775808, 9e999, 'x', x'00', '12345678901234567890.5', 0, '2024-07-01 12:30:15+05:30', '2024-07-01T12:30:15.5-03:17', 1700000000123, 1.25, 'not ten'),
 ('text', -9e999, x'61', 'text', 'text', 7, 'no date', '0000-01-01 00:00:00', '9999-12-31 23:59:59.999999999Z', 'x', 5)`
	for _, loc := range []string{"", "UTC", "auto", "Europe/Berlin", "Asia/Kolkata"} {
		t.Run("loc="+loc, func(t *testing.T) {
			dsn := "file:" + filepath.Join(t.TempDir(), "t.db")
			if loc != "" {
				dsn += "?_loc=" + url.QueryEscape(loc)
			}
			keepsWhatIsReturned(t, "sqlite3", dsn, schema, []string{
				`SELECT * FROM t`, `SELECT count(*), max(i), total(r), 'x' || s FROM t`, `SELECT * FROM t WHERE false`, `SELECT NULL, 1, 1.5, 'a', x'00'`,
			})
		})
	}
}

func TestD6WhatTheMySQLDriverReturnsComesBackExactly(t *testing.T) {
	base := testenv.MariaDB(t)
	schema := []string{
		`CREATE TABLE t (id INT PRIMARY KEY, ti TINYINT, tu TINYINT UNSIGNED, si SMALLINT, mi MEDIUMINT UNSIGNED, i INT, iu INT UNSIGNED, b BIGINT, bu BIGINT UNSIGNED,
 z INT(5) ZEROFILL, f FLOAT, d DOUBLE, n DECIMAL(20,5), y YEAR, dt DATE, t TIME(3), dtm DATETIME(6), ts TIMESTAMP(6) NULL, c CHAR(5), v VARCHAR(20), tx TEXT, vb VARBINARY(20), bl BLOB,
 e ENUM('a','b'), s SET('x','y'), bi BIT(9), bo BOOL, j JSON, g POINT, nn INT NOT NULL DEFAULT 7, un BIGINT UNSIGNED NOT NULL DEFAULT 18446744073709551615) DEFAULT CHARSET utf8mb4`,
		`INSERT INTO t VALUES (1, -128, 255, -32768, 16777215, -2147483648, 4294967295, -9223372036854775808, 18446744073709551615,
 42, 0.1, 1e-308, 12345678901234.50000, 1999, '2024-07-01', '-838:59:59.000', '2024-07-01 12:30:15.123456', '2024-07-01 12:30:15.123456', 'x', 'größe', '', x'00ff', x'',
 'b', 'x,y', b'100000001', true, '{"a": 1}', ST_GeomFromText('POINT(1 2)'), 7, 0)`,
		`INSERT INTO t (id, f, d, n, dtm, dt, c) VALUES (2, -3.4e38, -0.0, -0.5, '1000-01-01 00:00:00', '9999-12-31', NULL)`,
		`SET sql_mode = ''`, `INSERT INTO t (id, dt, dtm) VALUES (3, '0000-00-00', '0000-00-00 00:00:00')`, `SET sql_mode = DEFAULT`,
	}
	setUp, err := sql.Open("mysql", base)
	if err != nil {
		t.Fatal(err)
	}
	defer setUp.Close()
	one, err := setUp.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	for _, text := range schema {
		if _, err := one.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	queries := []string{`SELECT * FROM t ORDER BY id`, `SELECT COUNT(*), MAX(bu), AVG(f), CONCAT('x', v), NULL, 1, 1.5, 'a', x'00' FROM t`, `SELECT * FROM t WHERE false`, `SHOW STATUS LIKE 'no such'`}
	for _, params := range []string{"", "?parseTime=true", "?parseTime=true&loc=Europe%2FBerlin&time_zone=%27%2B02:00%27", "?parseTime=true&loc=Local", "?columnsWithAlias=true&interpolateParams=true"} {
		t.Run(params, func(t *testing.T) {
			keepsWhatIsReturned(t, "mysql", base+params, "", queries)
		})
	}
}

// keepsWhatIsReturned compares what a driver returns, below database/sql, with
// what becomes of it in an entry.
func keepsWhatIsReturned(t *testing.T, name, dsn, schema string, queries []string) {
	t.Helper()
	db, err := sql.Open(name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	c, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if schema != "" {
		if _, err := c.ExecContext(ctx, schema); err != nil {
			t.Fatal(err)
		}
	}
	for _, query := range queries {
		var want *Result
		if err := c.Raw(func(dc any) (err error) {
			rows, err := dc.(driver.QueryerContext).QueryContext(ctx, query, nil)
			if err == nil {
				want, err = readAll(rows)
			}
			return err
		}); err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		comesBack(t, query, want)
		if err := c.Raw(func(dc any) (err error) { // in MySQL prepared ones have a protocol of their own
			stmt, err := dc.(driver.Conn).Prepare(query)
			if err != nil {
				return err
			}
			defer stmt.Close()
			rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, nil)
			if err == nil {
				want, err = readAll(rows)
			}
			return err
		}); err != nil {
			t.Errorf("%s, prepared: %v", query, err)
			continue
		}
		comesBack(t, query+", prepared", want)
	}
}

// comesBack compares a result with what becomes of it in an entry.
func comesBack(t *testing.T, query string, want *Result) {
	t.Helper()
	got := roundTrip(t, want)
	if diff := cmp.Diff(want.Columns, got.Columns, cmp.Comparer(func(a, b reflect.Type) bool { return a == b })); diff != "" {
		t.Errorf("%s: %s", query, diff)
	}
	if !sameResult(got, want) {
		t.Errorf("%s:\ngot  %#v\nwant %#v", query, got.Rows, want.Rows)
	}
	for i, row := range want.Rows {
		for j, v := range row {
			if at, ok := v.(time.Time); ok {
				sameTime(t, got.Rows[i][j].(time.Time), at)
			}
		}
	}
}

func readAll(rows driver.Rows) (*Result, error) {
	r := &Result{}
	for i, name := range rows.Columns() {
		m := ColumnMeta{Name: name}
		if p, ok := rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
			m.HasDatabaseType, m.DatabaseType = true, p.ColumnTypeDatabaseTypeName(i)
		}
		if p, ok := rows.(driver.RowsColumnTypeScanType); ok {
			m.HasScanType, m.ScanType = true, p.ColumnTypeScanType(i)
		}
		if p, ok := rows.(driver.RowsColumnTypeNullable); ok {
			m.HasNullable = true
			m.Nullable, m.NullableOK = p.ColumnTypeNullable(i)
		}
		if p, ok := rows.(driver.RowsColumnTypeLength); ok {
			m.HasLength = true
			m.Length, m.LengthOK = p.ColumnTypeLength(i)
		}
		if p, ok := rows.(driver.RowsColumnTypePrecisionScale); ok {
			m.HasDecimal = true
			m.Precision, m.Scale, m.DecimalOK = p.ColumnTypePrecisionScale(i)
		}
		r.Columns = append(r.Columns, m)
	}
	for {
		row := make([]driver.Value, len(r.Columns))
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return r, rows.Close()
		}
		if err != nil {
			rows.Close()
			return nil, err
		}
		for i, v := range row {
			if b, ok := v.([]byte); ok {
				row[i] = bytes.Clone(b)
			}
		}
		r.Rows = append(r.Rows, row)
	}
}
