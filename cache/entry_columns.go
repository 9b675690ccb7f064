package cache

import (
	"database/sql"
	"encoding/binary"
	"reflect"
	"time"
)

// A column is its name, two bytes of flags, and of what the flags say that
// the driver told: database type, code of the scan type, length, precision
// and scale, in this order.
const (
	columnDatabaseType = 1 << iota
	columnScanType
	columnHasNullable
	columnNullable
	columnNullableOK
	columnHasLength
	columnLengthOK
	columnHasDecimal
	columnDecimalOK

	columnFlags = columnDecimalOK<<1 - 1

	// An empty name and the flags.
	minColumnBytes = 3
)

// columnSize estimates how many bytes a column takes.
func columnSize(m *ColumnMeta) int {
	n := len(m.Name) + len(m.DatabaseType) + 7
	if m.HasLength {
		n += binary.MaxVarintLen64
	}
	if m.HasDecimal {
		n += 4
	}
	return n
}

func appendColumn(b []byte, m *ColumnMeta) (_ []byte, ok bool) {
	if !consistent(m) {
		return b, false
	}
	b = binary.AppendUvarint(b, uint64(len(m.Name)))
	b = append(b, m.Name...)
	b = binary.LittleEndian.AppendUint16(b, bitIf(columnDatabaseType, m.HasDatabaseType)|
		bitIf(columnScanType, m.HasScanType)|
		bitIf(columnHasNullable, m.HasNullable)|
		bitIf(columnNullable, m.Nullable)|
		bitIf(columnNullableOK, m.NullableOK)|
		bitIf(columnHasLength, m.HasLength)|
		bitIf(columnLengthOK, m.LengthOK)|
		bitIf(columnHasDecimal, m.HasDecimal)|
		bitIf(columnDecimalOK, m.DecimalOK))
	if m.HasDatabaseType {
		b = binary.AppendUvarint(b, uint64(len(m.DatabaseType)))
		b = append(b, m.DatabaseType...)
	}
	if m.HasScanType {
		code, ok := scanTypeCodes[m.ScanType]
		if !ok {
			return b, false
		}
		b = append(b, code)
	}
	if m.HasLength {
		b = binary.AppendVarint(b, m.Length)
	}
	if m.HasDecimal {
		b = binary.AppendVarint(b, m.Precision)
		b = binary.AppendVarint(b, m.Scale)
	}
	return b, true
}

// consistent reports whether nothing is set without its Has field: it would be
// lost.
func consistent(m *ColumnMeta) bool {
	return (m.HasDatabaseType || m.DatabaseType == "") &&
		(m.HasScanType || m.ScanType == nil) &&
		(m.HasNullable || !m.Nullable && !m.NullableOK) &&
		(m.HasLength || m.Length == 0 && !m.LengthOK) &&
		(m.HasDecimal || m.Precision == 0 && m.Scale == 0 && !m.DecimalOK)
}

func bitIf(bit uint16, set bool) uint16 {
	if set {
		return bit
	}
	return 0
}

func decodeColumns(header []byte) ([]ColumnMeta, bool) {
	c := cursor{b: header}
	n := c.uvarint()
	if c.bad || n > uint64(len(c.b)/minColumnBytes) {
		return nil, false
	}
	if n == 0 {
		return nil, len(c.b) == 0
	}
	text := string(c.b)
	str := func() string {
		n := len(c.bytes())
		end := len(text) - len(c.b)
		return text[end-n : end]
	}
	columns := make([]ColumnMeta, n)
	for i := range columns {
		m := &columns[i]
		m.Name = str()
		flags := uint16(c.byte()) | uint16(c.byte())<<8
		m.HasDatabaseType = flags&columnDatabaseType != 0
		m.HasScanType = flags&columnScanType != 0
		m.HasNullable = flags&columnHasNullable != 0
		m.Nullable = flags&columnNullable != 0
		m.NullableOK = flags&columnNullableOK != 0
		m.HasLength = flags&columnHasLength != 0
		m.LengthOK = flags&columnLengthOK != 0
		m.HasDecimal = flags&columnHasDecimal != 0
		m.DecimalOK = flags&columnDecimalOK != 0
		if m.HasDatabaseType {
			m.DatabaseType = str()
		}
		if m.HasScanType {
			code := c.byte()
			if int(code) >= len(scanTypes) {
				return nil, false
			}
			m.ScanType = scanTypes[code]
		}
		if m.HasLength {
			m.Length = c.varint()
		}
		if m.HasDecimal {
			m.Precision, m.Scale = c.varint(), c.varint()
		}
		if c.bad || flags&^columnFlags != 0 || !consistent(m) {
			return nil, false
		}
	}
	return columns, len(c.b) == 0
}

// scanTypes are the Go types that lib/pq, pgx, go-sqlite3 and the MySQL driver
// name as scan types, and their kin. A type's place is its code in the format:
// new ones are added at the end. A scan type that is not here is not kept.
var scanTypes = [...]reflect.Type{
	0: nil, // a driver may say that it has none

	1: reflect.TypeFor[any](),
	2: reflect.TypeFor[*any](), // go-sqlite3 and MySQL, of a type they do not know
	3: reflect.TypeFor[bool](),
	4: reflect.TypeFor[string](),
	5: reflect.TypeFor[[]byte](),
	6: reflect.TypeFor[time.Time](),

	7:  reflect.TypeFor[int](),
	8:  reflect.TypeFor[int8](),
	9:  reflect.TypeFor[int16](),
	10: reflect.TypeFor[int32](),
	11: reflect.TypeFor[int64](),
	12: reflect.TypeFor[uint](),
	13: reflect.TypeFor[uint8](),
	14: reflect.TypeFor[uint16](),
	15: reflect.TypeFor[uint32](),
	16: reflect.TypeFor[uint64](),
	17: reflect.TypeFor[float32](),
	18: reflect.TypeFor[float64](),

	19: reflect.TypeFor[sql.RawBytes](),
	20: reflect.TypeFor[sql.NullBool](),
	21: reflect.TypeFor[sql.NullByte](),
	22: reflect.TypeFor[sql.NullFloat64](),
	23: reflect.TypeFor[sql.NullInt16](),
	24: reflect.TypeFor[sql.NullInt32](),
	25: reflect.TypeFor[sql.NullInt64](),
	26: reflect.TypeFor[sql.NullString](),
	27: reflect.TypeFor[sql.NullTime](),

	28: reflect.TypeFor[sql.Null[any]](),
	29: reflect.TypeFor[sql.Null[bool]](),
	30: reflect.TypeFor[sql.Null[string]](),
	31: reflect.TypeFor[sql.Null[[]byte]](),
	32: reflect.TypeFor[sql.Null[time.Time]](),
	33: reflect.TypeFor[sql.Null[int]](),
	34: reflect.TypeFor[sql.Null[int8]](),
	35: reflect.TypeFor[sql.Null[int16]](),
	36: reflect.TypeFor[sql.Null[int32]](),
	37: reflect.TypeFor[sql.Null[int64]](),
	38: reflect.TypeFor[sql.Null[uint]](),
	39: reflect.TypeFor[sql.Null[uint8]](),
	40: reflect.TypeFor[sql.Null[uint16]](),
	41: reflect.TypeFor[sql.Null[uint32]](),
	42: reflect.TypeFor[sql.Null[uint64]](),
	43: reflect.TypeFor[sql.Null[float32]](),
	44: reflect.TypeFor[sql.Null[float64]](),
}

var scanTypeCodes = func() map[reflect.Type]byte {
	codes := make(map[reflect.Type]byte, len(scanTypes))
	for code, t := range scanTypes {
		codes[t] = byte(code)
	}
	return codes
}()
