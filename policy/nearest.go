package policy

// nearest returns the name that takes the fewest edits to reach from word, the
// first of several; empty where there are none.
func nearest(word string, names []string) string {
	best, least := "", -1
	for _, name := range names {
		if d := edits(word, name); least < 0 || d < least {
			best, least = name, d
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(row[j]+1, row[j+1]+1, substitute)
		}
	}
	return row[len(b)]
}
