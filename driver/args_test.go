package driver

import (
	"database/sql"
	sqldriver "database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"
)

type namedText string

type loudText string

func (s loudText) String() string { return "loud " + string(s) }

type valued string

func (s valued) Value() (sqldriver.Value, error) { return "v:" + string(s), nil }

type uuid [16]byte

func (u uuid) Value() (sqldriver.Value, error) { return u.String(), nil }
func (u uuid) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

type spoken int64

func (spoken) Int64Value() (int64, error) { return 2, nil }

type panicking struct{}

func (*panicking) Value() (sqldriver.Value, error) { panic("no value") }

func TestMeaningIsWhatReachesTheDatabase(t *testing.T) {
	n := 7
	var none *int
	for _, c := range []struct {
		arg    any
		plain  any // where database/sql converts
		passes any // where the driver takes Go values as they are
	}{
		{int64(7), int64(7), int64(7)},
		{7, int64(7), int64(7)},
		{uint8(7), int64(7), int64(7)},
		{uint64(1 << 63), unclear, unclear},
		{&n, int64(7), int64(7)},
		{none, nil, nil},
		{"a", "a", "a"},
		{namedText("a"), "a", "a"},
		{loudText("a"), "a", unclear},
		{valued("a"), "v:a", unclear},
		{uuid{1}, "01000000-0000-0000-0000-000000000000", "01000000-0000-0000-0000-000000000000"},
		{sql.NullString{String: "a", Valid: true}, "a", "a"},
		{sql.NullInt64{}, nil, nil},
		{spoken(1), int64(1), unclear},
		{json.RawMessage("{}"), []byte("{}"), unclear},
		{pgx.QueryExecModeSimpleProtocol, int64(pgx.QueryExecModeSimpleProtocol), pgx.QueryExecModeSimpleProtocol},
		{pgx.QueryResultFormats{1}, unclear, pgx.QueryResultFormats{1}},
		{[]string{"a"}, unclear, unclear},
		{struct{ x int }{}, unclear, unclear},
		{&panicking{}, unclear, unclear},
	} {
		for passes, want := range map[bool]any{false: c.plain, true: c.passes} {
			if got := meaning(c.arg, passes); !reflect.DeepEqual(got, want) {
				t.Errorf("meaning(%T %v, %v) = %T %v, want %T %v", c.arg, c.arg, passes, got, got, want, want)
			}
		}
	}
}

func TestE8FingerprintsDoNotCollide(t *testing.T) {
	lists := [][]any{
		{}, {nil}, {int64(1)}, {"1"}, {[]byte("1")}, {[]byte(nil)}, {[]byte{}}, {""}, {1.0}, {true}, {false},
		{"a", "b"}, {"ab"}, {"ab", ""}, {"", "ab"}, {"as\x01b"}, {int64(1), int64(2)}, {int64(2), int64(1)},
	}
	seen := map[string]int{}
	for i, l := range lists {
		args := make([]sqldriver.NamedValue, len(l))
		for j, v := range l {
			args[j] = sqldriver.NamedValue{Ordinal: j + 1, Value: v}
		}
		fp, ok := newIdentity("x").fingerprint(args)
		if !ok {
			t.Fatalf("%v has no fingerprint", l)
		}
		if j, twice := seen[string(fp[:])]; twice {
			t.Errorf("%v and %v share a fingerprint", l, lists[j])
		}
		seen[string(fp[:])] = i
	}
	if newIdentity("a", "b") == newIdentity("ab") || newIdentity("a", "") == newIdentity("", "a") {
		t.Error("identities collide")
	}
	if _, ok := newIdentity("x").fingerprint([]sqldriver.NamedValue{{Value: unclear}}); ok {
		t.Error("an unclear argument has a fingerprint")
	}
}
