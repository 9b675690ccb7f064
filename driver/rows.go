package driver

import (
	sqldriver "database/sql/driver"
	"io"
	"reflect"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/parse"
)

// allRows is every optional interface of Rows. Where the inner one lacks an
// interface, ours answers what database/sql makes of its absence.
type allRows interface {
	sqldriver.Rows
	sqldriver.RowsNextResultSet
	sqldriver.RowsColumnTypeDatabaseTypeName
	sqldriver.RowsColumnTypeLength
	sqldriver.RowsColumnTypeNullable
	sqldriver.RowsColumnTypePrecisionScale
	sqldriver.RowsColumnTypeScanType
}

var (
	_ allRows = (*resultRows)(nil)
	_ allRows = (*prefixRows)(nil)
	_ allRows = (*writeRows)(nil)
	_ allRows = (*stmtRows)(nil)
)

// anyType is what database/sql answers for a column without a scan type.
var anyType = reflect.TypeFor[any]()

// resultRows serves a result that is in memory, whether it came from the store
// or was just read: hit and miss show a program the same type.
type resultRows struct {
	result   *cache.Result
	next     int
	closeErr error // of the inner rows' Close
}

func newResultRows(r *cache.Result, closeErr error) *resultRows {
	return &resultRows{result: r, closeErr: closeErr}
}

func (r *resultRows) Columns() []string {
	names := make([]string, len(r.result.Columns))
	for i := range names {
		names[i] = r.result.Columns[i].Name
	}
	return names
}

func (r *resultRows) Next(dest []sqldriver.Value) error {
	if r.next >= len(r.result.Rows) {
		return io.EOF
	}
	copy(dest, r.result.Rows[r.next])
	r.next++
	return nil
}

func (r *resultRows) Close() error           { return r.closeErr }
func (r *resultRows) HasNextResultSet() bool { return false }
func (r *resultRows) NextResultSet() error   { return io.EOF }

func (r *resultRows) ColumnTypeDatabaseTypeName(i int) string {
	return r.result.Columns[i].DatabaseType
}

func (r *resultRows) ColumnTypeLength(i int) (int64, bool) {
	return r.result.Columns[i].Length, r.result.Columns[i].LengthOK
}

func (r *resultRows) ColumnTypeNullable(i int) (nullable, ok bool) {
	return r.result.Columns[i].Nullable, r.result.Columns[i].NullableOK
}

func (r *resultRows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	m := &r.result.Columns[i]
	return m.Precision, m.Scale, m.DecimalOK
}

func (r *resultRows) ColumnTypeScanType(i int) reflect.Type {
	return scanType(r.result.Columns[i])
}

// scanType is the driver's own answer, even if that is none.
func scanType(m cache.ColumnMeta) reflect.Type {
	if m.HasScanType {
		return m.ScanType
	}
	return anyType
}

// columnMeta asks inner rows for all that they say of a column.
func columnMeta(rows sqldriver.Rows, i int, name string) cache.ColumnMeta {
	m := cache.ColumnMeta{Name: name}
	if p, ok := rows.(sqldriver.RowsColumnTypeDatabaseTypeName); ok {
		m.HasDatabaseType, m.DatabaseType = true, p.ColumnTypeDatabaseTypeName(i)
	}
	if p, ok := rows.(sqldriver.RowsColumnTypeScanType); ok {
		m.HasScanType, m.ScanType = true, p.ColumnTypeScanType(i)
	}
	if p, ok := rows.(sqldriver.RowsColumnTypeNullable); ok {
		m.HasNullable = true
		m.Nullable, m.NullableOK = p.ColumnTypeNullable(i)
	}
	if p, ok := rows.(sqldriver.RowsColumnTypeLength); ok {
		m.HasLength = true
		m.Length, m.LengthOK = p.ColumnTypeLength(i)
	}
	if p, ok := rows.(sqldriver.RowsColumnTypePrecisionScale); ok {
		m.HasDecimal = true
		m.Precision, m.Scale, m.DecimalOK = p.ColumnTypePrecisionScale(i)
	}
	return m
}

// recording is what was read ahead of a live result.
type recording struct {
	result   cache.Result
	complete bool  // the result ended, and the inner rows are closed
	closeErr error // of that Close
	err      error // what ended it early
}

// record reads rows ahead: QueryRow never reaches the end, so recording while
// the caller scans would never fill. It stops past limit bytes.
func record(rows sqldriver.Rows, limit int) recording {
	var rec recording
	names := rows.Columns()
	rec.result.Columns = make([]cache.ColumnMeta, len(names))
	for i, name := range names {
		rec.result.Columns[i] = columnMeta(told(rows), i, name)
	}
	size := 0
	for {
		row := make([]sqldriver.Value, len(names))
		err := rows.Next(row)
		if err == io.EOF { //nolint:errorlint // database/sql compares with ==
			break
		}
		if err != nil {
			rec.err = err
			return rec
		}
		for i, v := range row {
			row[i] = cloned(v)
			size += weight(v)
		}
		rec.result.Rows = append(rec.result.Rows, row)
		if size > limit {
			return rec
		}
	}
	if more, ok := rows.(sqldriver.RowsNextResultSet); ok && more.HasNextResultSet() {
		rec.err = io.EOF // of this set; the next ones are the inner rows'
		return rec
	}
	rec.closeErr = rows.Close()
	rec.complete = true
	return rec
}

func weight(v sqldriver.Value) int {
	switch v := v.(type) {
	case string:
		return len(v) + 1
	case []byte:
		return len(v) + 1
	}
	return 8
}

// prefixRows serves what was read ahead, and then the live rows.
type prefixRows struct {
	sqldriver.Rows
	prefix [][]sqldriver.Value
	err    error // what follows the prefix, once
	closed func()
	failed func(error) // told of an error in mid-stream, or at the end
}

func (r *prefixRows) Next(dest []sqldriver.Value) error {
	if len(r.prefix) > 0 {
		copy(dest, r.prefix[0])
		r.prefix = r.prefix[1:]
		return nil
	}
	if err := r.err; err != nil {
		if err != io.EOF { //nolint:errorlint // io.EOF stands for itself
			r.err = nil
		}
		return err
	}
	err := r.Rows.Next(dest)
	if err != nil && err != io.EOF && r.failed != nil { //nolint:errorlint // io.EOF stands for itself
		r.failed(err)
	}
	return err
}

func (r *prefixRows) Close() error {
	if r.closed != nil {
		r.closed()
		r.closed = nil
	}
	err := r.Rows.Close()
	if err != nil && r.failed != nil {
		r.failed(err)
	}
	return err
}

func (r *prefixRows) HasNextResultSet() bool { return hasNext(r.Rows) }

func (r *prefixRows) NextResultSet() error {
	r.prefix, r.err = nil, nil
	err := nextSet(r.Rows)
	if err != nil && err != io.EOF && r.failed != nil { //nolint:errorlint // io.EOF stands for itself
		r.failed(err)
	}
	return err
}

func (r *prefixRows) ColumnTypeDatabaseTypeName(i int) string {
	return columnMeta(r.Rows, i, "").DatabaseType
}

func (r *prefixRows) ColumnTypeLength(i int) (int64, bool) {
	m := columnMeta(r.Rows, i, "")
	return m.Length, m.LengthOK
}

func (r *prefixRows) ColumnTypeNullable(i int) (nullable, ok bool) {
	m := columnMeta(r.Rows, i, "")
	return m.Nullable, m.NullableOK
}

func (r *prefixRows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	m := columnMeta(r.Rows, i, "")
	return m.Precision, m.Scale, m.DecimalOK
}

func (r *prefixRows) ColumnTypeScanType(i int) reflect.Type {
	return scanType(columnMeta(r.Rows, i, ""))
}

func hasNext(rows sqldriver.Rows) bool {
	n, ok := rows.(sqldriver.RowsNextResultSet)
	return ok && n.HasNextResultSet()
}

func nextSet(rows sqldriver.Rows) error {
	if n, ok := rows.(sqldriver.RowsNextResultSet); ok {
		return n.NextResultSet()
	}
	return io.EOF
}

// untouched hands inner rows on as they are, where nothing depends on when
// they are closed.
func (c *conn) untouched(rows sqldriver.Rows) sqldriver.Rows {
	if c.cn.cfg.dialect == parse.SQLite {
		return c.counted(&prefixRows{Rows: rows})
	}
	c.out = true
	if c.cn.cfg.dialect == parse.MySQL && c.tx != nil {
		return &prefixRows{Rows: rows, failed: c.failed} // a deadlock may come between two rows
	}
	return rows
}

// counted counts rows as open until they are closed.
func (c *conn) counted(rows *prefixRows) sqldriver.Rows {
	c.open++
	rows.closed = func() { c.open-- }
	rows.failed = c.failed
	return rows
}

// writeRows are the rows of a write that returns some: it is over when they
// are.
type writeRows struct {
	prefixRows
	over func(error) // once
}

func (r *writeRows) Next(dest []sqldriver.Value) error {
	err := r.prefixRows.Next(dest)
	if err == io.EOF && !hasNext(r.Rows) { //nolint:errorlint // database/sql compares with ==
		r.finish(nil)
	}
	return err
}

func (r *writeRows) NextResultSet() error {
	err := r.prefixRows.NextResultSet()
	if err == io.EOF { //nolint:errorlint // database/sql compares with ==
		r.finish(nil)
	}
	return err
}

func (r *writeRows) Close() error {
	err := r.prefixRows.Close()
	r.finish(err)
	return err
}

func (r *writeRows) finish(err error) {
	if r.over != nil {
		r.over(err)
		r.over = nil
	}
}
