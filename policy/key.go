package policy

import (
	"crypto/sha256"
	"strconv"
)

// The canonical form of a primary key is the concatenation of its parts, each
//
//	i<length>:<decimal>      an integer
//	s<length>:<text>         text
//	b<length>:<bytes>        bytes
//	u<32 hexadecimal digits> a UUID
//
// Text and bytes of more than longPart bytes are replaced by their SHA-256,
// under the tags S and B: keys of the store stay short, and nobody can choose
// two values that collide. The tag keeps 1 and "1" apart, the length ("a","b:c")
// and ("a:b","c").

const longPart = 96

func appendInt(key []byte, v int64) []byte {
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], v, 10)
	if len(d) < 10 { // the usual case, without a second conversion
		key = append(key, 'i', '0'+byte(len(d)), ':')
	} else {
		key = append(key, 'i', '0'+byte(len(d)/10), '0'+byte(len(d)%10), ':')
	}
	return append(key, d...)
}

func appendText(key []byte, v string) []byte {
	if len(v) > longPart {
		sum := sha256.Sum256([]byte(v))
		return append(append(key, "S32:"...), sum[:]...)
	}
	key = append(key, 's')
	key = strconv.AppendInt(key, int64(len(v)), 10)
	key = append(key, ':')
	return append(key, v...)
}

func appendBytes(key, v []byte) []byte {
	if len(v) > longPart {
		sum := sha256.Sum256(v)
		return append(append(key, "B32:"...), sum[:]...)
	}
	key = append(key, 'b')
	key = strconv.AppendInt(key, int64(len(v)), 10)
	key = append(key, ':')
	return append(key, v...)
}

// appendUUID appends a UUID in its usual form of 36 characters, in any case;
// ok is false for any other text.
func appendUUID(key []byte, v string) (_ []byte, ok bool) {
	if len(v) != 36 {
		return key, false
	}
	key = append(key, 'u')
	for i := range len(v) {
		c := v[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return key, false
			}
			continue
		case '0' <= c && c <= '9' || 'a' <= c && c <= 'f':
		case 'A' <= c && c <= 'F':
			c += 'a' - 'A'
		default:
			return key, false
		}
		key = append(key, c)
	}
	return key, true
}
