package policy

import "testing"

func TestOnlyWholeWordsReadTheClock(t *testing.T) {
	for text, want := range map[string]bool{
		"now": true, " NOW ": true, "today 12:00": true, "12:00 tomorrow": true, "Yesterday,allballs": true, "1now": true, "now1": true,
		"": false, "no": false, "unknown": false, "snow": false, "nowhere": false, "to day": false, "todays": false, "2020-01-01": false,
	} {
		if got := readsClock(text); got != want {
			t.Errorf("readsClock(%q) = %v, want %v", text, got, want)
		}
	}
}
