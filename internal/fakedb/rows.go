package fakedb

import (
	"context"
	"database/sql/driver"
	"io"
	"reflect"
)

// rows is what all rows have.
type rows struct {
	c      *conn
	query  string
	reply  Reply
	set    int
	row    int
	memory [][]byte
	closed bool
}

func (r *rows) use(op string) (end func()) {
	if r.closed {
		r.c.db.violation("%s on the closed rows of %q", op, r.query)
	}
	return r.c.use(op)
}

func (r *rows) current() ResultSet {
	if r.set >= len(r.reply.Sets) {
		return ResultSet{}
	}
	return r.reply.Sets[r.set]
}

func (r *rows) column(op string, index int) Column {
	r.use(op)()
	return r.current().Columns[index]
}

func (r *rows) Columns() []string {
	r.use("Rows.Columns")()
	columns := r.current().Columns
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// Close spoils the memory of the last row.
func (r *rows) Close() error {
	defer r.c.use("Rows.Close")()
	if !r.closed {
		r.closed = true
		r.c.db.count("rows", -1)
	}
	r.spoil()
	if err := r.c.record(context.Background(), Call{Op: "Rows.Close", Query: r.query}); err != nil {
		return err
	}
	return r.reply.CloseErr
}

func (r *rows) Next(dest []driver.Value) error {
	defer r.use("Rows.Next")()
	r.spoil()
	if err := r.c.record(context.Background(), Call{Op: "Rows.Next", Query: r.query}); err != nil {
		return err
	}
	set := r.current()
	if r.row >= len(set.Rows) {
		if set.Err != nil {
			return set.Err
		}
		return io.EOF
	}
	row := set.Rows[r.row]
	r.row++
	if r.memory == nil {
		r.memory = make([][]byte, len(row))
	}
	for i, v := range row {
		if b, ok := v.([]byte); ok && b != nil {
			r.memory[i] = append(r.memory[i][:0], b...)
			v = r.memory[i]
			if len(b) == 0 {
				v = []byte{}
			}
		}
		dest[i] = v
	}
	return nil
}

// spoil makes it seen who kept the memory of a row.
func (r *rows) spoil() {
	for _, b := range r.memory {
		for i := range b {
			b[i] = 'X'
		}
	}
}

// The optional interfaces of rows, one type each.
type (
	nextResultSet  struct{ r *rows }
	scanType       struct{ r *rows }
	databaseType   struct{ r *rows }
	length         struct{ r *rows }
	nullable       struct{ r *rows }
	precisionScale struct{ r *rows }
)

func (f nextResultSet) HasNextResultSet() bool {
	f.r.use("Rows.HasNextResultSet")()
	return f.r.set+1 < len(f.r.reply.Sets)
}

func (f nextResultSet) NextResultSet() error {
	r := f.r
	defer r.use("Rows.NextResultSet")()
	if err := r.c.record(context.Background(), Call{Op: "Rows.NextResultSet", Query: r.query}); err != nil {
		return err
	}
	if r.set+1 >= len(r.reply.Sets) {
		return io.EOF
	}
	if err := r.reply.Sets[r.set+1].NextErr; err != nil {
		return err
	}
	r.set++
	r.row, r.memory = 0, nil
	return nil
}

func (f scanType) ColumnTypeScanType(index int) reflect.Type {
	return f.r.column("Rows.ColumnTypeScanType", index).ScanType
}

func (f databaseType) ColumnTypeDatabaseTypeName(index int) string {
	return f.r.column("Rows.ColumnTypeDatabaseTypeName", index).DatabaseType
}

func (f length) ColumnTypeLength(index int) (int64, bool) {
	c := f.r.column("Rows.ColumnTypeLength", index)
	return c.Length, c.LengthOK
}

func (f nullable) ColumnTypeNullable(index int) (nullable, ok bool) {
	c := f.r.column("Rows.ColumnTypeNullable", index)
	return c.Nullable, c.NullableOK
}

func (f precisionScale) ColumnTypePrecisionScale(index int) (precision, scale int64, ok bool) {
	c := f.r.column("Rows.ColumnTypePrecisionScale", index)
	return c.Precision, c.Scale, c.DecimalOK
}
