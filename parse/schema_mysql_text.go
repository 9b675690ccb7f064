package parse

import "strings"

// executed takes away the marks of comments that servers execute, as mysqldump
// writes them: /*!40101 SET … */. Those of a version that no server has yet
// stay comments. Lines stay where they are.
func executed(text string) string {
	if !strings.Contains(text, "/*!") && !strings.Contains(text, "/*M!") {
		return text
	}
	out := []byte(text)
	s := scanner{dialect: MySQL, text: text}
	open := 0
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\'' || c == '"':
			i = s.mysqlString(i)
		case c == '`':
			i = s.quotedEnd(i, '`')
		case c == '#', c == '-' && strings.HasPrefix(text[i:], "--") && (i+2 == len(text) || text[i+2] <= ' '):
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case strings.HasPrefix(text[i:], "/*!"), strings.HasPrefix(text[i:], "/*M!"):
			end := i + strings.IndexByte(text[i:], '!') + 1
			version := 0
			for end < len(text) && isDigit(text[end]) && version < 1e6 {
				version = 10*version + int(text[end]-'0')
				end++
			}
			if version >= noVersion {
				i = commentEnd(text, i, out)
				continue
			}
			open++
			blank(out[i:end])
			i = end
		case strings.HasPrefix(text[i:], "/*"):
			i = commentEnd(text, i, nil)
		case open > 0 && strings.HasPrefix(text[i:], "*/"):
			open--
			blank(out[i : i+2])
			i += 2
		default:
			i++
		}
	}
	return string(out)
}

// noVersion is the first version that no server has: MariaDB's dumps hide
// behind 999999 what is for their client.
const noVersion = 200000

func blank(b []byte) {
	for i := range b {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
}

// commentEnd passes over a comment, and blanks it in out if that is given.
func commentEnd(text string, i int, out []byte) int {
	end := len(text)
	if at := strings.Index(text[i+2:], "*/"); at >= 0 {
		end = i + 2 + at + 2
	}
	if out != nil {
		blank(out[i:end])
	}
	return end
}

// delimiter reads the client's command DELIMITER; false where there is none.
func (c *cutter) delimiter() bool {
	c.scan.skip()
	const word = "DELIMITER"
	at := c.scan.pos
	if len(c.text)-at <= len(word) || !strings.EqualFold(c.text[at:at+len(word)], word) || !isSpace(c.text[at+len(word)]) {
		return false
	}
	c.mark = strings.TrimSpace(c.restOfLine()[len(word):])
	if c.mark == ";" {
		c.mark = ""
	}
	return true
}

// marked reports whether a token is, or holds, what DELIMITER names; the
// statement before it is ended then.
func (c *cutter) marked(token string) bool {
	if c.mark == "" || c.scan.kind != wordToken && c.scan.kind != punctToken {
		return false
	}
	at := 0
	if c.scan.kind == wordToken {
		at = strings.Index(token, c.mark)
	} else if !strings.HasPrefix(c.text[c.scan.start:], c.mark) {
		at = -1
	}
	if at < 0 {
		return false
	}
	if at > 0 && c.start < 0 {
		c.start = c.scan.start
	}
	place := c.scan.start + at
	c.end(place)
	c.scan.pos = place + len(c.mark)
	return true
}
