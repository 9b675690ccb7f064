package cache

import (
	"database/sql/driver"
	"encoding/binary"
	"math"
	"time"
)

// The tags of the values. They are part of the format: a tag keeps its
// number, and a new kind of value gets a new one.
const (
	tagNil       = 0
	tagInt64     = 1 // varint
	tagFloat64   = 2 // its bits, eight bytes, little endian
	tagFalse     = 3
	tagTrue      = 4
	tagNilBytes  = 5
	tagBytes     = 6  // length, bytes
	tagString    = 7  // length, bytes
	tagTimeUTC   = 8  // instant
	tagTimeLocal = 9  // instant, offset
	tagTimeFixed = 10 // instant, offset, length, name
	tagTimeNamed = 11 // instant, offset, length, name
	tagFloat32   = 12 // its bits, four bytes, little endian
	tagUint64    = 13 // uvarint
)

// valueSize estimates how many bytes a value takes.
func valueSize(v driver.Value) int {
	switch v := v.(type) {
	case []byte:
		return 4 + len(v)
	case string:
		return 4 + len(v)
	case time.Time:
		return 20 + len(v.Location().String())
	}
	return 1 + 8
}

// appendValue writes one value. ok is false for every Go type that is not
// exactly one of those of [driver.Value], or one of the two that MySQL's driver
// returns besides (float32 for a FLOAT, uint64 for a BIGINT UNSIGNED): a named
// type would come back without its name.
func appendValue(b []byte, v driver.Value) (_ []byte, ok bool) {
	switch v := v.(type) {
	case nil:
		return append(b, tagNil), true
	case int64:
		return binary.AppendVarint(append(b, tagInt64), v), true
	case float64:
		return binary.LittleEndian.AppendUint64(append(b, tagFloat64), math.Float64bits(v)), true
	case bool:
		if v {
			return append(b, tagTrue), true
		}
		return append(b, tagFalse), true
	case []byte:
		if v == nil {
			return append(b, tagNilBytes), true
		}
		b = binary.AppendUvarint(append(b, tagBytes), uint64(len(v)))
		return append(b, v...), true
	case string:
		b = binary.AppendUvarint(append(b, tagString), uint64(len(v)))
		return append(b, v...), true
	case time.Time:
		return appendTime(b, v)
	case float32:
		return binary.LittleEndian.AppendUint32(append(b, tagFloat32), math.Float32bits(v)), true
	case uint64:
		return binary.AppendUvarint(append(b, tagUint64), v), true
	}
	return b, false
}

func (c *cursor) value() driver.Value {
	switch tag := c.byte(); tag {
	case tagNil:
		return nil
	case tagInt64:
		return c.varint()
	case tagFloat64:
		return math.Float64frombits(c.uint64())
	case tagFalse:
		return false
	case tagTrue:
		return true
	case tagNilBytes:
		return []byte(nil)
	case tagBytes:
		src := c.bytes()
		v := make([]byte, len(src))
		copy(v, src)
		return v
	case tagString:
		return string(c.bytes())
	case tagFloat32:
		return math.Float32frombits(c.uint32())
	case tagUint64:
		return c.uvarint()
	case tagTimeUTC, tagTimeLocal, tagTimeFixed, tagTimeNamed:
		return c.time(tag)
	}
	c.fail()
	return nil
}
