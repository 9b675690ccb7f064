package cache

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

const (
	stripes  = 1024 // control fields per table bucket; part of the protocol
	maxRows  = 1000 // rows in one write; more is the whole table
	shortKey = 128  // bytes of a row's key kept as they are
)

// layout names the keys in Redis. It is part of the protocol: all processes
// of a namespace must agree, which the record enforces.
type layout struct {
	namespace string
	buckets   int
}

func metaKey(namespace string) string { return namespace + ":meta" }

// tag is what stands between braces: everything a script touches has the same
// one, so it lives in one slot of a Redis Cluster.
func (l layout) tag(table string, bucket int) string {
	return l.namespace + ":{" + escape(table) + "." + strconv.Itoa(bucket) + "}:"
}

func (l layout) control(table string, bucket int) string { return l.tag(table, bucket) + "c" }

// locate returns the control key and the row key of a row, and its stripe. A
// long key is replaced by its SHA-256 under another letter, so that no key can
// be chosen to meet another's.
func (l layout) locate(row Row) (control, key, stripe string) {
	h := hash(row.Key)
	tag := l.tag(row.Table, int((h>>32)%uint64(l.buckets)))
	if len(row.Key) <= shortKey {
		key = tag + "r:" + row.Key
	} else {
		sum := sha256.Sum256([]byte(row.Key))
		key = tag + "h:" + hex.EncodeToString(sum[:])
	}
	return tag + "c", key, strconv.Itoa(int(h % stripes))
}

// escape keeps a table's name from closing the braces or meeting another's.
func escape(table string) string {
	if !strings.ContainsAny(table, "{}%") {
		return table
	}
	return strings.NewReplacer("{", "%7B", "}", "%7D", "%", "%25").Replace(table)
}

// unescape undoes escape.
func unescape(table string) string {
	return strings.NewReplacer("%7B", "{", "%7D", "}", "%25", "%").Replace(table)
}

// hash is FNV-1a of 64 bits. It only spreads rows over buckets and stripes:
// two rows that meet share their sequence, which costs a refused fill.
func hash(key string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	return h
}

// nonce returns 130 random bits as text, for generations, tokens and records:
// a counter would restart, and make old rows current again.
func nonce() string { return rand.Text() }

// compact returns the keys without repetition, with a table in the place of
// more rows than one write lists, and without rows of a table held whole.
func compact(k Keys) Keys {
	if k.All {
		return Keys{All: true}
	}
	tables := k.Tables
	if len(k.Rows) > maxRows {
		tables = slices.Clone(tables)
		for _, r := range k.Rows {
			tables = append(tables, r.Table)
		}
		k.Rows = nil
	}
	tables = unique(tables)
	rows := make([]Row, 0, len(k.Rows))
	seen := make(map[Row]struct{}, len(k.Rows))
	for _, r := range k.Rows {
		if _, again := seen[r]; again || slices.Contains(tables, r.Table) {
			continue
		}
		seen[r] = struct{}{}
		rows = append(rows, r)
	}
	return Keys{Tables: tables, Rows: rows, Absent: unique(k.Absent)}
}

// join is compact of both.
func join(a, b Keys) Keys {
	return compact(Keys{
		All:    a.All || b.All,
		Tables: slices.Concat(a.Tables, b.Tables),
		Rows:   slices.Concat(a.Rows, b.Rows),
		Absent: slices.Concat(a.Absent, b.Absent),
	})
}

func (k Keys) empty() bool {
	return !k.All && len(k.Tables) == 0 && len(k.Rows) == 0 && len(k.Absent) == 0
}

// count is how many keys a write names; everything counts as one.
func (k Keys) count() int {
	if k.All {
		return 1
	}
	return len(k.Tables) + len(k.Rows) + len(k.Absent)
}

func unique(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
