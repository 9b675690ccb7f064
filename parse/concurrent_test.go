package parse

import (
	"sync"
	"testing"
)

func TestParseMayBeCalledConcurrently(t *testing.T) {
	texts, mysql := map[string]string{}, map[string]string{}
	for _, text := range []string{getAuthor, "UPDATE a SET n = 1 WHERE id = 2", "SELECT FROM FROM", "WITH x AS (SELECT 1) SELECT * FROM x"} {
		texts[text] = describe(Parse(PostgreSQL, text))
		mysql[text] = describe(Parse(MySQL, text))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				for text, want := range texts {
					if got := describe(Parse(PostgreSQL, text)); got != want {
						t.Errorf("%s: %s", text, got)
					}
					Parse(SQLite, text)
					if got := describe(Parse(MySQL, text)); got != mysql[text] {
						t.Errorf("%s: %s", text, got)
					}
				}
			}
		})
	}
	wg.Wait()
}
