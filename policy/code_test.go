package policy

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCodesAreTheDocumentedOnes(t *testing.T) {
	documented := strings.Fields(`bypass:opaque bypass:volatile bypass:lock bypass:not-primary-key bypass:key-type bypass:not-base-table
		bypass:transaction bypass:session bypass:policy bypass:row-security bypass:replica bypass:store bypass:size bypass:requested
		hit miss negative invalidate:nothing invalidate:row invalidate:function invalidate:table invalidate:all`)
	codes := Codes()
	if len(codes) != len(documented) {
		t.Fatalf("%d codes, %d documented", len(codes), len(documented))
	}
	for i, c := range codes {
		if c.String() != documented[i] {
			t.Errorf("code %d is %s, want %s", i, c, documented[i])
		}
		if back, err := ParseCode(c.String()); err != nil || back != c {
			t.Errorf("%s reads as %v, %v", c, back, err)
		}
		if c.Bypass() != strings.HasPrefix(documented[i], "bypass") {
			t.Errorf("%s: Bypass is %v", c, c.Bypass())
		}
	}
}

func TestCodesInJSON(t *testing.T) {
	text, err := json.Marshal(map[Code]Code{Hit: BypassKeyType})
	if err != nil || string(text) != `{"hit":"bypass:key-type"}` {
		t.Fatalf("%s, %v", text, err)
	}
	var back map[Code]Code
	if err := json.Unmarshal(text, &back); err != nil || back[Hit] != BypassKeyType {
		t.Errorf("%v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"hit":"bypass:keytype"}`), &back); err == nil || !strings.Contains(err.Error(), `"bypass:key-type"`) {
		t.Errorf("error %v does not name the nearest code", err)
	}
}

func TestUnknownCodeIsABypass(t *testing.T) {
	if c := Code(200); !c.Bypass() || c.String() != "bypass:opaque" {
		t.Error(c)
	}
}
