package policy

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

// What a server has before anybody has made anything in it, read from real
// ones by `go test ./policy -run TestBuiltin -update`.
var (
	//go:embed builtin_sqlite.txt
	builtinSQLiteText string
	//go:embed builtin_postgres.txt
	builtinPostgreSQLText string
)

// A list has sections, each a line "[words]" and lines of entries between
// blanks. An entry is a name, or a name and its flags, name:flags.
type builtinList map[string][]string

func parseBuiltin(text string) builtinList {
	list := builtinList{}
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
			list[section] = nil
		default:
			list[section] = append(list[section], strings.Fields(line)...)
		}
	}
	return list
}

// format writes a list, its sections in the order given.
func (l builtinList) format(about string, sections []string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# %s\n# Made by go test ./policy -run TestBuiltin -update. Not to be edited.\n", about)
	for _, section := range sections {
		fmt.Fprintf(&out, "[%s]\n", section)
		line := ""
		for _, entry := range l[section] {
			if len(line)+len(entry) > 150 {
				out.WriteString(line + "\n")
				line = ""
			}
			if line != "" {
				line += " "
			}
			line += entry
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

// cutFlags splits an entry; a name may hold a colon itself.
func cutFlags(entry string) (name, flags string) {
	at := strings.LastIndexByte(entry, ':')
	return entry[:max(at, 0)], entry[at+1:]
}

var builtinSQLiteOnce = sync.OnceValue(func() (rows [][]any) {
	for _, entry := range parseBuiltin(builtinSQLiteText)["functions"] {
		name, flags := cutFlags(entry)
		rows = append(rows, []any{name, digit(strings.Contains(flags, "b")), digit(strings.Contains(flags, "d")), digit(strings.Contains(flags, "s")), "-1"})
	}
	return rows
})

// builtinSQLite answers [liteFunctions].
func builtinSQLite() ([][]any, error) { return builtinSQLiteOnce(), nil }
