package parse

import (
	"strings"
	"testing"
)

func TestEveryKeywordIsFoundInAnyCase(t *testing.T) {
	for word, want := range keywords {
		if got := keywordOf(PostgreSQL, word); got != want {
			t.Errorf("%s: %d, want %d", word, got, want)
		}
	}
	for word, want := range mysqlKeywords {
		if got := keywordOf(MySQL, strings.ToUpper(word)); got != want {
			t.Errorf("%s: %d, want %d", word, got, want)
		}
	}
	for word, want := range map[string]keyword{"SeLeCt": kwSelect, "selects": noKeyword, "a_name_longer_than_any_keyword": noKeyword, "": noKeyword} {
		if got := keywordOf(PostgreSQL, word); got != want {
			t.Errorf("%s: %d, want %d", word, got, want)
		}
	}
}
