package cache

import (
	"database/sql/driver"
	"reflect"
)

// ColumnMeta is what a driver's Rows says of one column. A driver that does
// not implement one of the interfaces leaves its Has field false.
type ColumnMeta struct {
	Name string

	HasDatabaseType bool
	DatabaseType    string

	HasScanType bool
	ScanType    reflect.Type

	HasNullable          bool
	Nullable, NullableOK bool
	HasLength            bool
	Length               int64
	LengthOK             bool
	HasDecimal           bool
	Precision, Scale     int64
	DecimalOK            bool
}

// Result is a whole result set as a driver gave it.
type Result struct {
	Columns []ColumnMeta
	Rows    [][]driver.Value
}

// Encode returns the bytes of a result, beginning with a version byte. ok is
// false where a value or a scan type is of a kind that would not come back
// exactly the same: such a result is not kept.
func Encode(r *Result) (entry []byte, ok bool) { return nil, false }

// Decode reads an entry. Nothing in the result shares memory with the entry
// or with another decoding. ok is false for an unknown version and for
// damaged bytes: such an entry is a miss.
func Decode(entry []byte) (r *Result, ok bool) { return nil, false }
