package driver

import (
	"crypto/sha256"
	sqldriver "database/sql/driver"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/moneyclip/moneyclip/cache"
)

// unclear stands for an argument that may reach the database as something
// else than it looks: it is in no exact pair, so a read with it bypasses and a
// write that depends on it widens.
var unclear any = struct{}{}

// meanings returns what the arguments mean to the database, as database/sql's
// own value types; pgx's options stay as they are, because they move the
// numbers of those behind them. passes says that the inner driver takes Go values as they
// are (pgx) and so may choose among the forms of a value by itself.
func meanings(args []sqldriver.NamedValue, passes bool) []sqldriver.NamedValue {
	plain := true
	for i := range args {
		switch args[i].Value.(type) {
		case int64, string, []byte, float64, bool, time.Time, nil:
		default:
			plain = false
		}
	}
	if plain {
		return args
	}
	out := make([]sqldriver.NamedValue, len(args))
	for i, nv := range args {
		out[i] = nv
		out[i].Value = meaning(nv.Value, passes)
	}
	return out
}

func meaning(v any, passes bool) any {
	switch x := v.(type) {
	case nil, int64, string, []byte, float64, bool, time.Time:
		return v
	case int:
		return int64(x)
	case int32:
		return int64(x)
	case int16:
		return int64(x)
	case int8:
		return int64(x)
	case uint8:
		return int64(x)
	case uint16:
		return int64(x)
	case uint32:
		return int64(x)
	case uint:
		if uint64(x) <= math.MaxInt64 {
			return int64(x)
		}
		return unclear
	case uint64:
		if x <= math.MaxInt64 {
			return int64(x)
		}
		return unclear
	}
	if passes && option(v) {
		return v
	}
	converted, err := convert(v)
	if err != nil || passes && !oneMeaning(v, converted) {
		return unclear
	}
	return converted
}

// option reports whether pgx may take v for one of its options instead of an
// argument: one of its own types, or what makes another text of the query.
func option(v any) bool {
	t := reflect.TypeOf(v)
	if _, rewrites := t.MethodByName("RewriteQuery"); rewrites {
		return true
	}
	path, found := strings.CutPrefix(t.PkgPath(), "github.com/jackc/pgx")
	return found && strings.Count(path, "/") <= 1
}

// convert is database/sql's default conversion; a Valuer that panics is
// an error here, and panics where database/sql would call it.
func convert(v any) (out any, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("moneyclip: the Value method of %T panicked", v)
		}
	}()
	return sqldriver.DefaultParameterConverter.ConvertValue(v)
}

// oneMeaning reports whether all the forms in which a driver may read v agree:
// its Value method, its String method and the value below its type.
func oneMeaning(v, converted any) bool {
	if speaks(reflect.TypeOf(v)) {
		return false
	}
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			return converted == nil
		}
		rv = rv.Elem()
	}
	text, isText := converted.(string)
	if s, ok := v.(fmt.Stringer); ok {
		if !isText || safeString(s) != text {
			return false
		}
	}
	switch rv.Kind() {
	case reflect.String:
		return isText && rv.String() == text
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := converted.(int64)
		return ok && n == rv.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, ok := converted.(int64)
		return ok && n >= 0 && uint64(n) == rv.Uint()
	case reflect.Array: // uuid types: 16 bytes whose Value is the usual text
		if !isText || rv.Len() != 16 || rv.Type().Elem().Kind() != reflect.Uint8 {
			return false
		}
		b := make([]byte, 16)
		reflect.Copy(reflect.ValueOf(b), rv)
		return strings.EqualFold(text, fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
	case reflect.Struct: // sql.NullString and its like: the value itself, or NULL
		return rv.Type().PkgPath() == "database/sql"
	}
	return false
}

// speaking remembers which types speak, by reflect.Type.
var speaking sync.Map

// speaks reports whether a type has a method by which pgx may ask for another
// value than these: TextValue, Int64Value and the like of package pgtype.
func speaks(t reflect.Type) bool {
	if known, ok := speaking.Load(t); ok {
		return known.(bool)
	}
	found := false
	for i := range t.NumMethod() {
		name := t.Method(i).Name
		found = found || name == "SkipUnderlyingTypePlan" || name != "Value" && strings.HasSuffix(name, "Value")
	}
	speaking.Store(t, found)
	return found
}

func safeString(s fmt.Stringer) (text string) {
	defer func() { _ = recover() }()
	return s.String()
}

// agree turns every meaning that the inner driver's own conversion changed
// into an unclear one.
func agree(values, converted []sqldriver.NamedValue, passes bool) []sqldriver.NamedValue {
	if len(values) != len(converted) {
		out := make([]sqldriver.NamedValue, len(values))
		for i, nv := range values {
			nv.Value = unclear
			out[i] = nv
		}
		return out
	}
	out := values
	for i := range values {
		if values[i].Value == unclear || reflect.DeepEqual(values[i].Value, meaning(converted[i].Value, passes)) {
			continue
		}
		if len(out) > 0 && &out[0] == &values[0] {
			out = append([]sqldriver.NamedValue(nil), values...)
		}
		out[i].Value = unclear
	}
	return out
}

// identity is the beginning of every fingerprint of one text.
type identity [32]byte

// newIdentity hashes parts so that no two lists of parts collide.
func newIdentity(parts ...string) identity {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.LittleEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return identity(h.Sum(nil))
}

// fingerprint adds the arguments. ok is false where one is unclear.
func (id identity) fingerprint(args []sqldriver.NamedValue) (fp cache.Fingerprint, ok bool) {
	var space [256]byte
	b := append(space[:0], id[:]...)
	for _, nv := range args {
		b = binary.AppendUvarint(b, uint64(len(nv.Name)))
		b = append(b, nv.Name...)
		switch v := nv.Value.(type) {
		case nil:
			b = append(b, 'n')
		case int64:
			b = binary.LittleEndian.AppendUint64(append(b, 'i'), uint64(v))
		case float64:
			b = binary.LittleEndian.AppendUint64(append(b, 'f'), math.Float64bits(v))
		case bool:
			if v {
				b = append(b, 'T')
			} else {
				b = append(b, 'F')
			}
		case string:
			b = append(binary.AppendUvarint(append(b, 's'), uint64(len(v))), v...)
		case []byte:
			if v == nil {
				b = append(b, 'z')
				break
			}
			b = append(binary.AppendUvarint(append(b, 'b'), uint64(len(v))), v...)
		default: // times among them: how a driver writes one depends on its zone
			return fp, false
		}
	}
	sum := sha256.Sum256(b)
	copy(fp[:], sum[:])
	return fp, true
}
