package nearest

import "testing"

func TestOfFindsTheWordThatWasMeant(t *testing.T) {
	known := []string{"moneyclip_redis", "moneyclip_store", "moneyclip_ttl"}
	for word, want := range map[string]string{
		"moneyclip_redi":  "moneyclip_redis",
		"moneyclip_stroe": "moneyclip_store",
		"moneyclip_tl":    "moneyclip_ttl",
		"moneyclip_ttl":   "moneyclip_ttl",
	} {
		if got := Of(word, known); got != want {
			t.Errorf("Of(%q) = %q, want %q", word, got, want)
		}
	}
	if got := Of("x", nil); got != "" {
		t.Errorf("Of without known words = %q", got)
	}
}
