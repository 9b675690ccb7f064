package policy

import (
	"strings"
	"unicode/utf8"
)

// information_schema shows an account only what it has privileges on, and says
// nothing of what it leaves out. What matters of that, and what is made of it:
//
//   - columns, where the account has privileges on single columns: the table is
//     not understood;
//   - triggers, without the privilege TRIGGER: a write to the table may do
//     anything;
//   - tables that refer to a table of the same database by a foreign key,
//     without a privilege on the whole database: an UPDATE or DELETE may reach
//     them;
//   - tables of other databases that refer to a table. These are not cached by
//     anybody if the foreign key has an action: see loadMySQLForeignKeys;
//   - definitions of views, without SHOW VIEW: reading the view may do anything;
//   - functions, without EXECUTE: a call of an unknown function may do
//     anything, and would fail.
//
// The privileges are those of SHOW GRANTS, which holds active roles too. What
// cannot be read there is not proven.

// grants is what an account is known to have.
type grants struct {
	list    []grant
	literal bool // names of databases are no patterns (MySQL's partial_revokes)
	revoked bool // a global privilege has exceptions
	folds   bool
}

// grant is one line of SHOW GRANTS.
type grant struct {
	database string // a pattern as in LIKE; "*" for all
	table    string // "*" for all
	to       string // the account, or one of its roles
	words    map[string]bool
}

// seesColumns reports whether every column of a table is shown.
func (g *grants) seesColumns(database, table string) bool {
	return g.has(database, table, "SELECT", "INSERT", "UPDATE", "REFERENCES")
}

// seesTriggers reports whether a table's triggers are shown.
func (g *grants) seesTriggers(database, table string) bool { return g.has(database, table, "TRIGGER") }

// seesTables reports whether all tables of a database are shown.
func (g *grants) seesTables(database string) bool {
	return g.has(database, "", "SELECT", "INSERT", "UPDATE", "DELETE")
}

// has reports whether the account has one of the privileges on a table, or on
// the whole database where table is empty.
func (g *grants) has(database, table string, privileges ...string) bool {
	if g.folds {
		database, table = lowerASCII(database), lowerASCII(table)
	}
	covers := make(map[string]bool)
	for i := range g.list {
		l := &g.list[i]
		held := l.words["ALL PRIVILEGES"] || l.words["ALL"]
		for _, p := range privileges {
			held = held || l.words[p]
		}
		name, of := l.database, l.table
		if g.folds {
			name, of = lowerASCII(name), lowerASCII(of)
		}
		switch {
		case name == "*":
			if held && !g.revoked {
				return true
			}
		case of != "*":
			if held && of == table && name == database { // no pattern here
				return true
			}
		case matches(name, database):
			// Of an account the server takes the one line whose pattern says
			// most: all of its lines must say so.
			covered, seen := covers[l.to]
			covers[l.to] = (covered || !seen) && held && (!g.literal || unescaped(name) == database)
		}
	}
	for _, covered := range covers {
		if covered {
			return true // what roles have is added
		}
	}
	return false
}

// parseGrants reads the lines of SHOW GRANTS. A line that is not understood
// grants nothing.
func parseGrants(rows [][]string, partialRevokes, folds bool) *grants {
	g := &grants{literal: partialRevokes, folds: folds}
	for _, row := range rows {
		switch text := row[0]; {
		case strings.HasPrefix(text, "GRANT "):
			if l, ok := parseGrant(text[len("GRANT "):]); ok {
				g.list = append(g.list, l)
			}
		default: // REVOKE: an exception from a global privilege
			g.revoked = true
		}
	}
	return g
}

// parseGrant reads: privilege, … ON `database`.`table` TO …, where a privilege
// may be followed by columns in parentheses.
func parseGrant(s string) (grant, bool) {
	l := grant{words: make(map[string]bool)}
	for {
		end := strings.IndexAny(s, ",(`'\"")
		on := strings.Index(s, " ON ")
		if on >= 0 && (end < 0 || on < end) {
			l.words[s[:on]] = true
			s = s[on+len(" ON "):]
			break
		}
		if end < 0 {
			return l, false
		}
		switch s[end] {
		case ',':
			l.words[s[:end]] = true
			s = strings.TrimPrefix(s[end+1:], " ")
		case '(':
			// A privilege on columns is none on the table.
			rest, ok := afterColumns(s[end+1:])
			if !ok {
				return l, false
			}
			if strings.HasPrefix(rest, ", ") {
				s = rest[len(", "):]
				continue
			}
			if !strings.HasPrefix(rest, " ON ") {
				return l, false
			}
			s = "USAGE" + rest
		default: // a role, or a proxy
			return l, false
		}
	}
	var ok bool
	if l.database, s, ok = grantName(s); !ok || !strings.HasPrefix(s, ".") {
		return l, false
	}
	if l.table, s, ok = grantName(s[1:]); !ok || !strings.HasPrefix(s, " TO ") {
		return l, false // EXECUTE ON FUNCTION is not of this form either
	}
	// A name with a blank is cut, and so may be taken for another's.
	l.to, _, _ = strings.Cut(s[len(" TO "):], " ")
	return l, true
}

// afterColumns returns what is behind a list of columns.
func afterColumns(s string) (rest string, ok bool) {
	for {
		name, after, ok := grantName(s)
		switch {
		case !ok || name == "*":
			// MySQL 5.7 and MariaDB 10.4 write columns without quotes.
			end := strings.IndexAny(s, ",)`")
			if end < 0 || s[end] == '`' {
				return "", false
			}
			after = s[end:]
		}
		switch {
		case strings.HasPrefix(after, ")"):
			return after[1:], true
		case strings.HasPrefix(after, ", "):
			s = after[len(", "):]
		default:
			return "", false
		}
	}
}

// grantName reads a quoted name, or a star.
func grantName(s string) (name, rest string, ok bool) {
	if strings.HasPrefix(s, "*") {
		return "*", s[1:], true
	}
	if !strings.HasPrefix(s, "`") {
		return "", s, false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '`' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '`' {
			b.WriteByte('`')
			i++
			continue
		}
		return b.String(), s[i+1:], true
	}
	return "", s, false
}

// unescaped takes one level of backslashes off: it returns the name that a
// pattern without wildcards spells.
func unescaped(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '\\' && i+1 < len(pattern) {
			i++
		}
		b.WriteByte(pattern[i])
	}
	return b.String()
}

// matches reports whether a name is like a pattern, as in LIKE.
func matches(pattern, name string) bool {
	switch {
	case pattern == "":
		return name == ""
	case pattern[0] == '%':
		for i := 0; i <= len(name); i++ {
			if matches(pattern[1:], name[i:]) {
				return true
			}
		}
		return false
	case name == "":
		return false
	case pattern[0] == '_':
		_, size := utf8.DecodeRuneInString(name)
		return matches(pattern[1:], name[size:])
	case pattern[0] == '\\' && len(pattern) > 1:
		return pattern[1] == name[0] && matches(pattern[2:], name[1:])
	}
	return pattern[0] == name[0] && matches(pattern[1:], name[1:])
}
