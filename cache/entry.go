package cache

import (
	"database/sql/driver"
	"encoding/binary"
	"hash/crc32"
	"reflect"
)

// ColumnMeta is what a driver's Rows says of one column. A driver that does
// not implement one of the interfaces leaves its Has field false, and the
// fields that belong to it zero.
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

// Result is a whole result set as a driver gave it. Each row has one value
// per column. A result without rows is decoded with Rows nil, and one without
// columns with Columns nil.
type Result struct {
	Columns []ColumnMeta
	Rows    [][]driver.Value
}

// An entry, all of it but the checksum in the order of its bytes:
//
//	version   one byte
//	length    of the header, varint
//	header    number of columns, varint; then each column (entry_columns.go)
//	body      number of rows, varint; then the values, row by row (entry_values.go)
//	checksum  CRC-32C of everything before it, four bytes, little endian
//
// The header has a length of its own so that all its strings are cut from one
// copy. Strings of the body are copied one by one: a program that keeps one
// short value must not keep the whole entry alive with it.
const (
	entryVersion  = 1
	checksumBytes = 4

	// Redis keeps no longer string. A driver's own limit is far below.
	maxEntryBytes = 512 << 20

	// Rows without columns cost no bytes in an entry, so that their number
	// must be bounded by itself. PostgreSQL has such results.
	maxEmptyRows = 64
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode returns the bytes of a result, beginning with a version byte. ok is
// false where a value or a scan type is of a kind that would not come back
// exactly the same, where a row does not have one value per column, and where
// the entry would be longer than Redis keeps: such a result is not kept.
// The result is only read, and the entry shares no memory with it.
func Encode(r *Result) (entry []byte, ok bool) {
	if r == nil || len(r.Columns) == 0 && len(r.Rows) > maxEmptyRows {
		return nil, false
	}
	size := 1 + 3*binary.MaxVarintLen64 + checksumBytes
	for i := range r.Columns {
		size += columnSize(&r.Columns[i])
	}
	for _, row := range r.Rows {
		if len(row) != len(r.Columns) {
			return nil, false
		}
		for _, v := range row {
			size += valueSize(v)
		}
	}
	if size > maxEntryBytes {
		return nil, false
	}

	b := make([]byte, 0, size)
	b = append(b, entryVersion)
	// The length of the header is known only after it: the header is written
	// behind the longest possible length and moved to the front.
	front := len(b)
	start := front + binary.MaxVarintLen64
	b = b[:start]
	b = binary.AppendUvarint(b, uint64(len(r.Columns)))
	for i := range r.Columns {
		if b, ok = appendColumn(b, &r.Columns[i]); !ok {
			return nil, false
		}
	}
	n := len(b) - start
	lengthBytes := binary.PutUvarint(b[front:start], uint64(n))
	copy(b[front+lengthBytes:], b[start:])
	b = b[:front+lengthBytes+n]

	b = binary.AppendUvarint(b, uint64(len(r.Rows)))
	for _, row := range r.Rows {
		for _, v := range row {
			if b, ok = appendValue(b, v); !ok {
				return nil, false
			}
		}
	}
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if len(b) > maxEntryBytes {
		return nil, false
	}
	return b, true
}

// Decode reads an entry. Nothing that can be changed in the result shares
// memory with the entry or with another decoding. ok is false for an unknown
// version and for damaged bytes, and where this process would not give a time
// of the entry the same zone: such an entry is a miss. Whatever the bytes,
// Decode does not panic, and allocates no more than a small multiple of them.
func Decode(entry []byte) (r *Result, ok bool) {
	n := len(entry) - checksumBytes
	if n < 1 || entry[0] != entryVersion {
		return nil, false
	}
	if crc32.Checksum(entry[:n], castagnoli) != binary.LittleEndian.Uint32(entry[n:]) {
		return nil, false
	}
	return decodeBody(entry[1:n])
}

// decodeBody reads what lies between version and checksum. It does not rely
// on the checksum: a checksum can be right over wrong bytes.
func decodeBody(b []byte) (*Result, bool) {
	body := cursor{b: b}
	header := body.bytes()
	columns, ok := decodeColumns(header)
	if !ok || body.bad {
		return nil, false
	}
	rows, ok := decodeRows(&body, len(columns))
	if !ok || len(body.b) != 0 {
		return nil, false
	}
	return &Result{Columns: columns, Rows: rows}, true
}

func decodeRows(c *cursor, columns int) ([][]driver.Value, bool) {
	n := c.uvarint()
	// Each value takes a byte at least, so that the bytes that are left bound
	// what is allocated.
	limit := uint64(maxEmptyRows)
	if columns > 0 {
		limit = uint64(len(c.b) / columns)
	}
	if c.bad || n > limit {
		return nil, false
	}
	if n == 0 {
		return nil, true
	}
	rows := make([][]driver.Value, n)
	values := make([]driver.Value, int(n)*columns)
	for i := range rows {
		// Cut to capacity: an append to one row must not reach the next.
		row := values[i*columns : (i+1)*columns : (i+1)*columns]
		for j := range row {
			row[j] = c.value()
		}
		if c.bad {
			return nil, false
		}
		rows[i] = row
	}
	return rows, true
}
