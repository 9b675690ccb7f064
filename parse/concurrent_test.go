package parse

import (
	"sync"
	"testing"
)

func TestParseMayBeCalledConcurrently(t *testing.T) {
	texts := map[string]string{}
	for _, text := range []string{getAuthor, "UPDATE a SET n = 1 WHERE id = 2", "SELECT FROM FROM", "WITH x AS (SELECT 1) SELECT * FROM x"} {
		texts[text] = describe(Parse(PostgreSQL, text))
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
				}
			}
		})
	}
	wg.Wait()
}
