package cache

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var updateEntry = flag.Bool("update-entry", false, "write the golden entry anew")

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no time zone data: %v", err)
	}
	return l
}

func oneValue(v driver.Value) *Result {
	return &Result{Columns: []ColumnMeta{{Name: "v"}}, Rows: [][]driver.Value{{v}}}
}

func roundTrip(t testing.TB, r *Result) *Result {
	t.Helper()
	entry, ok := Encode(r)
	if !ok {
		t.Fatalf("Encode refused %#v", r)
	}
	got, ok := Decode(entry)
	if !ok {
		t.Fatalf("Decode refused the entry of %#v", r)
	}
	return got
}

// D6.
func TestD6EveryValueComesBackExactly(t *testing.T) {
	berlin := location(t, "Europe/Berlin")
	instant := time.Date(2024, 7, 1, 12, 30, 15, 123456789, time.UTC)
	values := map[string]driver.Value{
		"nil":                    nil,
		"zero":                   int64(0),
		"beyond 2^53":            int64(1<<53 + 1),
		"largest integer":        int64(math.MaxInt64),
		"smallest integer":       int64(math.MinInt64),
		"float":                  3.25,
		"minus zero":             math.Copysign(0, -1),
		"infinity":               math.Inf(1),
		"minus infinity":         math.Inf(-1),
		"smallest float":         math.SmallestNonzeroFloat64,
		"true":                   true,
		"false":                  false,
		"nil bytes":              []byte(nil),
		"empty bytes":            []byte{},
		"bytes":                  []byte("a\x00\xff"),
		"empty string":           "",
		"string":                 "größe\x00\xff",
		"zero time":              time.Time{},
		"utc":                    instant,
		"local":                  instant.In(time.Local),
		"epoch":                  time.Unix(0, 0).UTC(),
		"named zone":             instant.In(berlin),
		"named zone, winter":     instant.AddDate(0, 6, 0).In(berlin),
		"named zone, local mean": time.Date(1800, 1, 1, 0, 0, 0, 0, berlin),
		"named without rules":    instant.In(location(t, "Etc/UTC")),
		"named like itself":      instant.In(location(t, "GMT")),
		"offset without a name":  instant.In(time.FixedZone("", 0)),
		"half-hour offset":       instant.In(time.FixedZone("", 19800)),
		"offset with seconds":    instant.In(time.FixedZone("", -1172)),
		"offset with a name":     instant.In(time.FixedZone("CET", 3600)),
		"fixed zone called UTC":  instant.In(time.FixedZone("UTC", 0)),
		"not really Berlin":      instant.In(time.FixedZone("Europe/Berlin", 7200)),
		"fixed zone of nowhere":  instant.In(time.FixedZone("Local", 60)),
		"year 0":                 time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
		"year -4713":             time.Date(-4713, 11, 24, 0, 0, 0, 0, time.UTC),
		"year 294276":            time.Date(294276, 12, 31, 23, 59, 59, 999999000, time.UTC),
		"far past":               time.Unix(math.MinInt64, 0).UTC(),
		"far future":             time.Unix(math.MaxInt64, 999999999).UTC(),
		"far future, local":      time.Unix(math.MaxInt64, 999999999),
	}
	for name, v := range values {
		t.Run(name, func(t *testing.T) {
			got := roundTrip(t, oneValue(v)).Rows[0][0]
			if !reflect.DeepEqual(got, v) {
				t.Fatalf("got %#v, want %#v", got, v)
			}
			if f, ok := v.(float64); ok && math.Float64bits(got.(float64)) != math.Float64bits(f) {
				t.Fatalf("got bits %x, want %x", math.Float64bits(got.(float64)), math.Float64bits(f))
			}
			if want, ok := v.(time.Time); ok {
				sameTime(t, got.(time.Time), want)
			}
		})
	}
}

func TestD6NotANumberKeepsItsPayload(t *testing.T) {
	for _, bits := range []uint64{0x7ff8000000000001, 0x7ff0000000000001, 0xfff8dead0000beef} {
		got := roundTrip(t, oneValue(math.Float64frombits(bits))).Rows[0][0].(float64)
		if math.Float64bits(got) != bits {
			t.Errorf("got bits %x, want %x", math.Float64bits(got), bits)
		}
	}
}

func sameTime(t testing.TB, got, want time.Time) {
	t.Helper()
	gotName, gotOffset := got.Zone()
	wantName, wantOffset := want.Zone()
	if gotName != wantName || gotOffset != wantOffset || got.Location().String() != want.Location().String() {
		t.Errorf("got %v in %v, want %v in %v", got, got.Location(), want, want.Location())
	}
	for _, special := range []*time.Location{time.UTC, time.Local} {
		if (got.Location() == special) != (want.Location() == special) {
			t.Errorf("got location %p, want %p, one of which is %v", got.Location(), want.Location(), special)
		}
	}
}

func TestTimesAreEqualWhereTheProgramSetLocalToUTC(t *testing.T) {
	before := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = before })
	for _, want := range []time.Time{time.Unix(1, 2), time.Unix(1, 2).UTC()} {
		if got := roundTrip(t, oneValue(want)).Rows[0][0]; got != driver.Value(want) {
			t.Errorf("got %#v, want %#v", got, want)
		}
	}
	// Made while Local was UTC, encoded when it is another: no function of
	// package time makes it again.
	odd := time.Unix(1, 2)
	time.Local = time.FixedZone("", 60)
	if _, ok := Encode(oneValue(odd)); ok {
		t.Error("a time that cannot be made again was kept")
	}
}

func TestLocalTimeOfAProcessWithAnotherOffsetIsAMiss(t *testing.T) {
	before := time.Local
	t.Cleanup(func() { time.Local = before })
	time.Local = time.FixedZone("one", 3600)
	entry, ok := Encode(oneValue(time.Unix(1, 2)))
	if !ok {
		t.Fatal("a local time was refused")
	}
	if _, ok := Decode(entry); !ok {
		t.Error("a miss where it was written")
	}
	time.Local = time.FixedZone("two", 7200)
	if _, ok := Decode(entry); ok {
		t.Error("a driver that parses text in the local zone would give another instant here")
	}
}

func TestNamedZoneWithAnotherOffsetIsAMiss(t *testing.T) {
	entry, ok := Encode(oneValue(time.Date(2024, 7, 1, 0, 0, 0, 0, location(t, "Europe/Berlin"))))
	if !ok {
		t.Fatal("a named zone was refused")
	}
	changed := bytes.Replace(entry, []byte("Europe/Berlin"), []byte("Europe/Lisbon"), 1)
	if _, ok := Decode(rechecked(changed)); ok {
		t.Error("a zone with another offset was taken")
	}
	changed = bytes.Replace(entry, []byte("Europe/Berlin"), []byte("Europe/Atlant"), 1)
	if _, ok := Decode(rechecked(changed)); ok {
		t.Error("a zone that does not exist was taken")
	}
}

type (
	namedInt    int64
	namedString string
	namedBytes  []byte
	namedTime   time.Time
)

func TestWhatWouldNotComeBackIsRefused(t *testing.T) {
	instant := time.Date(2024, 7, 1, 12, 30, 15, 0, time.UTC)
	n := int64(1)
	values := map[string]driver.Value{
		"int":             1,
		"int32":           int32(1),
		"uint":            uint(1),
		"uint32":          uint32(1),
		"named integer":   namedInt(1),
		"named string":    namedString("a"),
		"named bytes":     namedBytes("a"),
		"named time":      namedTime(instant),
		"raw json":        json.RawMessage("{}"),
		"raw bytes":       sql.RawBytes("a"),
		"duration":        time.Second,
		"pointer":         &n,
		"typed nil":       (*int64)(nil),
		"pointer to time": &instant,
		"slice":           []int64{1},
		"struct":          struct{}{},
		"valuer":          sql.NullInt64{Int64: 1, Valid: true},
		"monotonic time":  time.Now(),
		"zone of its own": instant.In(ownZone(t, "Nowhere/Atall", "Europe/Berlin")),
		"other's name":    instant.In(ownZone(t, "Asia/Tokyo", "Europe/Berlin")),
		"no name":         instant.In(ownZone(t, "", "Europe/Berlin")),
		"like the local":  instant.In(ownZone(t, "Local", "Europe/Berlin")),
		"like utc":        instant.In(ownZone(t, "UTC", "Europe/Berlin")),
		"very long name":  instant.In(time.FixedZone(strings.Repeat("a", 256), 0)),
		// The same offset now and another in winter.
		"one rule apart": instant.In(ownZone(t, "Europe/Berlin", "Africa/Johannesburg")),
	}
	for name, v := range values {
		if entry, ok := Encode(oneValue(v)); ok || entry != nil {
			t.Errorf("%s: %#v was kept", name, v)
		}
	}
}

// ownZone returns a location with the rules of one zone and a name that may
// be another's.
func ownZone(t testing.TB, name, rules string) *time.Location {
	t.Helper()
	for _, dir := range []string{"/usr/share/zoneinfo", "/usr/lib/zoneinfo"} {
		if data, err := os.ReadFile(filepath.Join(dir, rules)); err == nil {
			l, err := time.LoadLocationFromTZData(name, data)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
	}
	t.Skip("no time zone files")
	return nil
}

func TestALocationLoadedByAnotherHandIsNamed(t *testing.T) {
	want := time.Date(2024, 7, 1, 12, 0, 0, 0, ownZone(t, "Europe/Berlin", "Europe/Berlin"))
	got := roundTrip(t, oneValue(want)).Rows[0][0].(time.Time)
	sameTime(t, got, want)
	if !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLocationsAreComparedByTransitionsWhereTheirMemoryDiffers(t *testing.T) {
	berlin := location(t, "Europe/Berlin")
	for rules, want := range map[string]bool{"Europe/Berlin": true, "Europe/Paris": false, "Europe/Lisbon": false, "Africa/Lagos": false, "Etc/UTC": false} {
		if got := sameTransitions(ownZone(t, "Europe/Berlin", rules), berlin); got != want {
			t.Errorf("Berlin and %s: got %v", rules, got)
		}
	}
}

func TestShapesThatAreRefused(t *testing.T) {
	column := func(c ColumnMeta) *Result { return &Result{Columns: []ColumnMeta{c}} }
	for name, r := range map[string]*Result{
		"nil":                         nil,
		"row too short":               {Columns: []ColumnMeta{{Name: "a"}}, Rows: [][]driver.Value{{}}},
		"row too long":                {Columns: []ColumnMeta{{Name: "a"}}, Rows: [][]driver.Value{{nil, nil}}},
		"many rows without columns":   {Rows: make([][]driver.Value, maxEmptyRows+1)},
		"unknown scan type":           column(ColumnMeta{HasScanType: true, ScanType: reflect.TypeFor[namedInt]()}),
		"scan type without Has":       column(ColumnMeta{ScanType: reflect.TypeFor[int64]()}),
		"database type without Has":   column(ColumnMeta{DatabaseType: "INT"}),
		"nullable without Has":        column(ColumnMeta{Nullable: true}),
		"known nullable without Has":  column(ColumnMeta{NullableOK: true}),
		"length without Has":          column(ColumnMeta{Length: 1}),
		"known length without Has":    column(ColumnMeta{LengthOK: true}),
		"precision without Has":       column(ColumnMeta{Precision: 1}),
		"scale without Has":           column(ColumnMeta{Scale: 1}),
		"known precision without Has": column(ColumnMeta{DecimalOK: true}),
	} {
		if entry, ok := Encode(r); ok || entry != nil {
			t.Errorf("%s was kept", name)
		}
	}
}

func TestD7ColumnMetadataComesBackExactly(t *testing.T) {
	want := &Result{Columns: []ColumnMeta{
		{},
		{Name: "größe"},
		{Name: "said nothing", HasDatabaseType: true, HasScanType: true, HasNullable: true, HasLength: true, HasDecimal: true},
		{Name: "text", HasDatabaseType: true, DatabaseType: "TEXT", HasScanType: true, ScanType: reflect.TypeFor[string](),
			HasLength: true, Length: math.MaxInt64, LengthOK: true},
		{Name: "not null", HasNullable: true, NullableOK: true},
		{Name: "null", HasNullable: true, Nullable: true, NullableOK: true},
		{Name: "perhaps null", HasNullable: true, Nullable: true},
		{Name: "amount", HasDecimal: true, Precision: 10, Scale: -3, DecimalOK: true},
		{Name: "unasked", HasLength: true, Length: -5, HasDecimal: true, Precision: -1, Scale: 2},
	}}
	for _, typ := range scanTypes {
		want.Columns = append(want.Columns, ColumnMeta{Name: "scan", HasScanType: true, ScanType: typ})
	}
	got := roundTrip(t, want)
	if diff := cmp.Diff(want.Columns, got.Columns, cmp.Comparer(func(a, b reflect.Type) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestScanTypeCodesAreUnique(t *testing.T) {
	if len(scanTypeCodes) != len(scanTypes) || len(scanTypes) > 256 {
		t.Errorf("%d codes for %d types", len(scanTypeCodes), len(scanTypes))
	}
}

func TestRowsOfEveryShape(t *testing.T) {
	two := []ColumnMeta{{Name: "a"}, {Name: "b"}}
	for name, r := range map[string]*Result{
		"nothing":            {},
		"no rows":            {Columns: two},
		"two rows":           {Columns: two, Rows: [][]driver.Value{{int64(1), "x"}, {nil, []byte("y")}}},
		"rows of no columns": {Rows: [][]driver.Value{{}, {}}},
		"long value":         {Columns: two, Rows: [][]driver.Value{{strings.Repeat("x", 1<<20), bytes.Repeat([]byte{7}, 300)}}},
	} {
		if got := roundTrip(t, r); !reflect.DeepEqual(got, r) {
			t.Errorf("%s: got %#v", name, got)
		}
	}
}

// D5.
func TestD5NothingIsShared(t *testing.T) {
	value := []byte("secret")
	r := &Result{Columns: []ColumnMeta{{Name: "a"}, {Name: "b"}}, Rows: [][]driver.Value{{value, "text"}, {[]byte("next"), nil}}}
	entry, _ := Encode(r)
	value[0] = 'X'
	first, _ := Decode(entry)
	second, _ := Decode(entry)

	got := first.Rows[0][0].([]byte)
	if string(got) != "secret" {
		t.Errorf("the entry shares memory with its source: %q", got)
	}
	copy(got, "XXXXXX")
	_ = append(got, "over"...)
	_ = append(first.Rows[0], "over")
	first.Columns[0].Name = "X"
	if string(first.Rows[1][0].([]byte)) != "next" {
		t.Error("an append reached the next row")
	}
	if string(second.Rows[0][0].([]byte)) != "secret" || second.Columns[0].Name != "a" {
		t.Error("two decodings share memory")
	}
	third, ok := Decode(entry)
	if !ok || string(third.Rows[0][0].([]byte)) != "secret" {
		t.Error("a decoding shares memory with its entry")
	}
	for i := range entry {
		entry[i] = 'Y'
	}
	if second.Rows[0][1] != "text" || string(second.Rows[0][0].([]byte)) != "secret" || second.Columns[1].Name != "b" {
		t.Error("a result changed with its entry")
	}
}

// rechecked returns an entry with a checksum that is right again.
func rechecked(entry []byte) []byte {
	n := len(entry) - checksumBytes
	e := bytes.Clone(entry[:n])
	return binary.LittleEndian.AppendUint32(e, crc32.Checksum(e, castagnoli))
}

func goldenResult() *Result {
	return &Result{
		Columns: []ColumnMeta{
			{Name: "id", HasDatabaseType: true, DatabaseType: "INT8", HasScanType: true, ScanType: reflect.TypeFor[int64](), HasLength: true, HasDecimal: true},
			{Name: "name", HasDatabaseType: true, DatabaseType: "VARCHAR", HasScanType: true, ScanType: reflect.TypeFor[sql.NullString](), HasNullable: true, Nullable: true, NullableOK: true, HasLength: true, Length: 40, LengthOK: true},
			{Name: "price", HasDecimal: true, Precision: 10, Scale: 2, DecimalOK: true},
			{Name: "blob"}, {Name: "more"}, {Name: "yes"}, {Name: "at"}, {Name: "then"},
		},
		Rows: [][]driver.Value{
			{int64(-300), "größe", 1.5, []byte{0, 255}, []byte(nil), true, time.Unix(1700000000, 123456789).UTC(), time.Unix(-1, 0).In(time.FixedZone("CET", 3600))},
			{nil, "", math.Inf(-1), []byte{}, nil, false, time.Time{}, time.Unix(0, 0).In(time.FixedZone("", -1800))},
		},
	}
}

func TestFormatHasNotChanged(t *testing.T) {
	const file = "testdata/entry-1.hex"
	r := goldenResult()
	entry, ok := Encode(r)
	if !ok {
		t.Fatal("Encode refused the golden result")
	}
	if *updateEntry {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(hex.Dump(entry)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), hex.Dump(entry)); diff != "" {
		t.Errorf("the bytes of an entry changed: a change of format needs a new version\n%s", diff)
	}
	if got, ok := Decode(entry); !ok || !reflect.DeepEqual(got, r) {
		t.Errorf("got %#v", got)
	}
}

// E6.
func TestE6DamagedEntryIsAMiss(t *testing.T) {
	entry, _ := Encode(goldenResult())
	for i := range entry {
		for bit := range 8 {
			damaged := bytes.Clone(entry)
			damaged[i] ^= 1 << bit
			if _, ok := Decode(damaged); ok {
				t.Fatalf("bit %d of byte %d flipped: taken", bit, i)
			}
		}
		if _, ok := Decode(entry[:i]); ok {
			t.Fatalf("cut to %d bytes: taken", i)
		}
		if _, ok := Decode(entry[i+1:]); ok {
			t.Fatalf("without its first %d bytes: taken", i+1)
		}
	}
	if _, ok := Decode(append(bytes.Clone(entry), 0)); ok {
		t.Error("with a byte too many: taken")
	}
}

func TestE6UnknownVersionIsAMiss(t *testing.T) {
	entry, _ := Encode(goldenResult())
	for version := range 256 {
		if version == entryVersion {
			continue
		}
		other := bytes.Clone(entry)
		other[0] = byte(version)
		if _, ok := Decode(rechecked(other)); ok {
			t.Fatalf("version %d was taken", version)
		}
	}
}

func TestCountsBeyondTheBytesAreAMiss(t *testing.T) {
	huge := binary.AppendUvarint(nil, math.MaxUint64)
	for name, body := range map[string][]byte{
		"header longer than the entry": huge,
		"columns":                      append(binary.AppendUvarint(nil, uint64(len(huge))), huge...),
		"rows of one column":           append([]byte{4, 1, 0, 0, 0}, huge...),
		"rows of no columns":           append([]byte{1, 0}, huge...),
		"one row too many":             {1, 0, maxEmptyRows + 1},
		"bytes of a value":             append([]byte{4, 1, 0, 0, 0, 1, tagBytes}, huge...),
		"nanoseconds":                  append([]byte{4, 1, 0, 0, 0, 1, tagTimeUTC, 0}, binary.AppendUvarint(nil, 1e9)...),
		"tag":                          {4, 1, 0, 0, 0, 1, 200},
		"flags":                        {4, 1, 0, 0, 255, 0},
		"scan type":                    {5, 1, 0, columnScanType, 0, 255, 0},
		"byte after the header":        {2, 0, 0, 0},
		"byte after the body":          {1, 0, 0, 0},
	} {
		entry := append(append([]byte{entryVersion}, body...), 0, 0, 0, 0)
		if _, ok := Decode(rechecked(entry)); ok {
			t.Errorf("%s: taken", name)
		}
	}
}

// Decode is total, allocates a bounded multiple of its input, and what it
// accepts is encoded and decoded again to the same.
func FuzzDecode(f *testing.F) {
	add := func(r *Result) {
		if entry, ok := Encode(r); ok {
			f.Add(entry[1 : len(entry)-checksumBytes])
		}
	}
	add(goldenResult())
	add(&Result{})
	add(oneValue(time.Unix(1, 2)))
	add(oneValue(time.Unix(1, 2).In(location(f, "Europe/Berlin"))))
	f.Fuzz(func(t *testing.T, body []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, ok := decodeBody(body)
		runtime.ReadMemStats(&after)
		// 120 bytes of a column for three of the entry, and the locations, one
		// file of which may be loaded for a few bytes.
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(64*len(body)+1<<20) {
			t.Errorf("%d bytes for %d", used, len(body))
		}
		if !ok {
			return
		}
		entry, ok := Encode(r)
		if !ok {
			t.Fatalf("decoded, but not encoded: %#v", r)
		}
		again, ok := Decode(entry)
		if !ok {
			t.Fatalf("not decoded again: %#v", r)
		}
		if !sameResult(r, again) {
			t.Fatalf("got %#v, want %#v", again, r)
		}
	})
}

// What Encode accepts comes back the same.
func FuzzRoundTrip(f *testing.F) {
	f.Add("id", int64(1), 2.5, []byte("b"), "s", int64(1700000000), uint32(5), 3600, "CET")
	f.Add("", int64(math.MinInt64), math.NaN(), []byte{}, "", int64(math.MinInt64), uint32(999999999), -1, "")
	f.Fuzz(func(t *testing.T, name string, i int64, fl float64, b []byte, s string, sec int64, nsec uint32, offset int, zone string) {
		at := time.Unix(sec, int64(nsec%1e9))
		row := []driver.Value{i, fl, b, s, nil, fl > 0, at, at.UTC(), at.In(time.FixedZone(zone, offset))}
		r := &Result{Rows: [][]driver.Value{row, row}}
		for range row {
			r.Columns = append(r.Columns, ColumnMeta{Name: name, HasDatabaseType: true, DatabaseType: s, HasLength: true, Length: i})
		}
		entry, ok := Encode(r)
		if !ok {
			if len(zone) <= maxZoneName {
				t.Fatalf("refused: %#v", r)
			}
			return
		}
		got, ok := Decode(entry)
		if !ok || !sameResult(got, r) {
			t.Fatalf("got %#v, %v, want %#v", got, ok, r)
		}
	})
}

// sameResult is reflect.DeepEqual, but for NaN, which is compared by its bits.
func sameResult(a, b *Result) bool {
	if len(a.Rows) != len(b.Rows) || !reflect.DeepEqual(a.Columns, b.Columns) {
		return false
	}
	for i, row := range a.Rows {
		for j, v := range row {
			x, isFloat := v.(float64)
			y, ok := b.Rows[i][j].(float64)
			if isFloat != ok || isFloat && math.Float64bits(x) != math.Float64bits(y) ||
				!isFloat && !reflect.DeepEqual(v, b.Rows[i][j]) {
				return false
			}
		}
	}
	return true
}

func authorResult() *Result {
	return &Result{
		Columns: []ColumnMeta{
			{Name: "id", HasDatabaseType: true, DatabaseType: "INT8", HasScanType: true, ScanType: reflect.TypeFor[int64](), HasLength: true, HasDecimal: true},
			{Name: "name", HasDatabaseType: true, DatabaseType: "TEXT", HasScanType: true, ScanType: reflect.TypeFor[string](), HasLength: true, Length: math.MaxInt64, LengthOK: true, HasDecimal: true},
			{Name: "bio", HasDatabaseType: true, DatabaseType: "TEXT", HasScanType: true, ScanType: reflect.TypeFor[string](), HasLength: true, Length: math.MaxInt64, LengthOK: true, HasDecimal: true},
			{Name: "created_at", HasDatabaseType: true, DatabaseType: "TIMESTAMPTZ", HasScanType: true, ScanType: reflect.TypeFor[time.Time](), HasLength: true, HasDecimal: true},
			{Name: "balance", HasDatabaseType: true, DatabaseType: "NUMERIC", HasScanType: true, ScanType: reflect.TypeFor[any](), HasLength: true, HasDecimal: true, Precision: 12, Scale: 2, DecimalOK: true},
		},
		Rows: [][]driver.Value{{int64(123456), "Ada Lovelace", strings.Repeat("mathematician ", 8), time.Unix(1700000000, 123456000), []byte("1234.50")}},
	}
}

func BenchmarkEncode(b *testing.B) {
	r := authorResult()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Encode(r); !ok {
			b.Fatal("refused")
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	entry, _ := Encode(authorResult())
	b.ReportAllocs()
	b.SetBytes(int64(len(entry)))
	for b.Loop() {
		if _, ok := Decode(entry); !ok {
			b.Fatal("refused")
		}
	}
}

func BenchmarkTime(b *testing.B) {
	at := time.Unix(1700000000, 123456000)
	for name, l := range map[string]*time.Location{
		"utc": time.UTC, "local": time.Local, "unnamed": time.FixedZone("", 19800), "named": location(b, "Europe/Berlin"),
	} {
		v := at.In(l)
		buf := make([]byte, 0, 64)
		b.Run("append/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				appendTime(buf, v)
			}
		})
		encoded, _ := appendTime(nil, v)
		b.Run("read/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c := cursor{b: encoded[1:]}
				c.time(encoded[0])
			}
		})
	}
	loaded, _ := locations.make(tagTimeNamed, "Europe/Berlin", 0)
	own := ownZone(b, "Europe/Berlin", "Europe/Berlin")
	b.Run("compare memory", func(b *testing.B) {
		for b.Loop() {
			sameZones(own, loaded)
		}
	})
	b.Run("compare transitions", func(b *testing.B) {
		for b.Loop() {
			sameTransitions(own, loaded)
		}
	})
}
