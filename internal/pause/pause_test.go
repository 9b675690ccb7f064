package pause

import "testing"

func TestAtRunsWhatIsSet(t *testing.T) {
	t.Cleanup(func() { Set(nil) })
	At("nothing set")
	var got []string
	Set(func(point string) { got = append(got, point) })
	At("a")
	At("b")
	Set(nil)
	At("c")
	if len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Fatalf("points = %v, want [a b]", got)
	}
}
