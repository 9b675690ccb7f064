package policy

import (
	"bytes"
	"strings"
	"testing"
)

func TestE1KeysDoNotCollide(t *testing.T) {
	forms := map[string]string{}
	put := func(name string, form []byte) {
		if other, taken := forms[string(form)]; taken {
			t.Errorf("%s has the form of %s: %q", name, other, form)
		}
		forms[string(form)] = name
	}
	long := strings.Repeat("x", longPart+1)
	put(`("a","b:c")`, appendText(appendText(nil, "a"), "b:c"))
	put(`("a:b","c")`, appendText(appendText(nil, "a:b"), "c"))
	put(`("as1:b","c")`, appendText(appendText(nil, "as1:b"), "c"))
	put(`("","as1:bc")`, appendText(appendText(nil, ""), "as1:bc"))
	put(`1`, appendInt(nil, 1))
	put(`"1"`, appendText(nil, "1"))
	put(`bytes of "1"`, appendBytes(nil, []byte("1")))
	put(`"i1:1"`, appendText(nil, "i1:1"))
	put(`a long text`, appendText(nil, long))
	put(`long bytes`, appendBytes(nil, []byte(long)))
	put(`the form of a long text, as text`, appendText(nil, string(appendText(nil, long))))
	uuid, ok := appendUUID(nil, uuidText)
	if !ok {
		t.Fatal("no UUID")
	}
	put(`a UUID`, uuid)
	put(`a UUID as text`, appendText(nil, uuidText))
	put(`a UUID's form as text`, appendText(nil, string(uuid)))
}

func TestKeysStayShort(t *testing.T) {
	if n := len(appendText(nil, strings.Repeat("x", 1<<20))); n > longPart+8 {
		t.Errorf("%d bytes", n)
	}
}

func TestUUIDOnlyInItsUsualForm(t *testing.T) {
	for _, v := range []string{
		"", strings.ReplaceAll(uuidText, "-", ""), "{" + uuidText + "}", "urn:uuid:" + uuidText, " " + uuidText[1:],
		strings.Replace(uuidText, "6", "g", 1), strings.Replace(uuidText, "-", "6", 1), strings.Replace(uuidText, "6", "-", 1),
	} {
		if form, ok := appendUUID(nil, v); ok {
			t.Errorf("%q: %q", v, form)
		}
	}
}

// Two keys of the same columns have the same form only where they are the same
// key.
func FuzzKeysAreInjective(f *testing.F) {
	f.Add(int64(1), "a", []byte("b:c"), int64(1), "a:b", []byte("c"))
	f.Add(int64(-1), "1:s", []byte{}, int64(1), "", []byte("1:s"))
	f.Add(int64(0), strings.Repeat("x", 200), []byte("S32:"), int64(0), strings.Repeat("x", 201), []byte("b4:S32:"))
	f.Fuzz(func(t *testing.T, n1 int64, s1 string, b1 []byte, n2 int64, s2 string, b2 []byte) {
		if b1 == nil || b2 == nil || !plainText(s1) || !plainText(s2) {
			t.Skip()
		}
		orders := [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}}
		form := func(order []int, n int64, s string, b []byte) (key []byte) {
			parts := []any{n, s, b}
			pairs := []pair{{kind: intPair}, {kind: textPair}, {kind: bytePair}}
			for _, i := range order {
				var ok bool
				if key, ok = pairs[i].appendPart(key, parts[i]); !ok {
					t.Fatalf("%v is not exact", parts[i])
				}
			}
			return key
		}
		same := n1 == n2 && s1 == s2 && bytes.Equal(b1, b2)
		for _, order := range orders {
			if equal := bytes.Equal(form(order, n1, s1, b1), form(order, n2, s2, b2)); equal != same {
				t.Errorf("keys are the same: %v, forms: %v", same, equal)
			}
		}
	})
}
