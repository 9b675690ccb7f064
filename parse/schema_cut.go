package parse

import "strings"

// chunk is a piece of a script: one statement, without its semicolon, and
// without the comments before it.
type chunk struct {
	line    int
	text    string
	problem string
}

// cutter cuts a script into statements by its tokens. It knows what a
// semicolon does not end: a trigger's body in SQLite, BEGIN ATOMIC in
// PostgreSQL, BEGIN … END in MySQL.
type cutter struct {
	scan   scanner
	text   string
	chunks []chunk

	start   int      // of the statement, -1 before its first token
	words   []string // the statement's first words, upper case
	depth   int      // of parentheses
	blocks  int      // of BEGIN and CASE that wait for their END
	last    [2]string
	stdin   bool   // COPY … FROM stdin: data follow
	mark    string // MySQL: what ends a statement instead of a semicolon, by DELIMITER
	counted int    // bytes of which the lines are counted
	line    int
}

// mostWords is how many words tell what a statement is.
const mostWords = 8

func cutScript(d Dialect, text string) []chunk {
	c := &cutter{scan: scanner{dialect: d, text: text}, text: text, start: -1, line: 1}
	for c.between() && c.scan.next() {
		c.token()
	}
	c.end(len(text))
	if c.scan.executable {
		// All that were recognised have lost their marks.
		c.chunks = append(c.chunks, chunk{line: 1, problem: "a comment of the form /*! … */ inside of another comment or behind an open quote: take it out of the schema"})
	}
	return c.chunks
}

// between looks, between two statements, for what is no SQL: a command of the
// client. It returns true.
func (c *cutter) between() bool {
	for c.start < 0 && c.scan.dialect == MySQL && c.delimiter() {
	}
	for c.start < 0 && c.scan.dialect == PostgreSQL {
		c.scan.skip()
		if c.scan.at(c.scan.pos) != '\\' {
			break
		}
		line := c.restOfLine()
		if elsewhere(line) {
			c.chunks = append(c.chunks, chunk{line: c.lineOf(c.scan.pos - len(line)), problem: "a command of psql that reads, goes or ends elsewhere, " + shorten(line) +
				": write what it does as plain statements, or name the files themselves, in their order"})
		}
	}
	return true
}

// elsewhere reports whether one of the commands in a line of psql reads other
// statements, goes to another database, ends the script, or has a part of it
// passed over.
func elsewhere(line string) bool {
	for command := range strings.SplitSeq(line, `\`) {
		word := ""
		if words := strings.Fields(command); len(words) > 0 {
			word = words[0]
		}
		switch word {
		case "c", "connect", "i", "ir", "include", "include_relative", "copy", "e", "edit", "g", "gx", "gset", "gexec", "gdesc", "watch", "crosstabview",
			"if", "elif", "else", "endif", "q", "quit", "r", "reset", "!":
			return true
		}
	}
	return false
}

// restOfLine reads up to the end of the line.
func (c *cutter) restOfLine() string {
	line := c.text[c.scan.pos:]
	if at := strings.IndexByte(line, '\n'); at >= 0 {
		line = line[:at]
	}
	c.scan.pos += len(line)
	return line
}

// token takes one token into the statement.
func (c *cutter) token() {
	token := c.text[c.scan.start:c.scan.end]
	if c.marked(token) {
		return
	}
	if c.start < 0 {
		if token == ";" {
			return
		}
		c.start, c.words, c.depth, c.blocks, c.last = c.scan.start, c.words[:0], 0, 0, [2]string{}
		c.stdin = false
	}
	switch {
	case c.scan.kind == wordToken:
		token = strings.ToUpper(token)
		if len(c.words) < mostWords {
			c.words = append(c.words, token)
		}
		c.stdin = c.stdin || token == "STDIN" && c.last[1] == "FROM"
		c.block(token)
	case c.scan.kind != punctToken:
		token = ""
	case token == "(":
		c.depth++
	case token == ")":
		c.depth--
	case token == ";" && c.ends():
		c.end(c.scan.start)
		return
	}
	c.last = [2]string{c.last[1], token}
}

// block counts what END ends.
func (c *cutter) block(word string) {
	if !c.routine() {
		return
	}
	switch c.scan.dialect {
	case PostgreSQL:
		// BEGIN ATOMIC is the only BEGIN outside of a string.
		switch {
		case word == "ATOMIC" && c.last[1] == "BEGIN", word == "CASE" && c.blocks > 0:
			c.blocks++
		case word == "END" && c.blocks > 0:
			c.blocks--
		}
	case MySQL:
		switch {
		case word == "BEGIN", word == "CASE" && c.last[1] != "END":
			c.blocks++
		case word == "END" && c.blocks > 0:
			c.blocks--
		case c.last[1] == "END" && (word == "IF" || word == "LOOP" || word == "WHILE" || word == "REPEAT"):
			c.blocks++ // its END was not BEGIN's
		}
	}
}

// routine reports whether the statement may have a body.
func (c *cutter) routine() bool {
	if len(c.words) < 2 || c.words[0] != "CREATE" {
		return false
	}
	for _, word := range c.words[1:] {
		switch word {
		case "FUNCTION", "PROCEDURE", "TRIGGER", "EVENT":
			return true
		case "TABLE", "VIEW", "INDEX":
			return false
		}
	}
	return false
}

// ends reports whether a semicolon ends the statement.
func (c *cutter) ends() bool {
	switch {
	case c.mark != "", c.depth > 0:
		return false
	case c.scan.dialect == SQLite:
		// As sqlite3_complete has it: a trigger ends with "; END ;".
		return !c.routine() || c.last == [2]string{";", "END"}
	}
	return c.blocks == 0
}

// end ends the statement before at.
func (c *cutter) end(at int) {
	if c.start < 0 {
		return
	}
	line, text := c.lineOf(c.start), strings.TrimSpace(c.text[c.start:at])
	copies := c.stdin && c.words[0] == "COPY"
	c.chunks = append(c.chunks, chunk{line: line, text: text})
	c.start = -1
	if copies {
		c.data()
	}
}

// data passes over the lines of COPY, up to the one that ends them.
func (c *cutter) data() {
	c.restOfLine()
	for c.scan.pos < len(c.text) {
		c.scan.pos++ // the newline
		if strings.TrimRight(c.restOfLine(), "\r") == `\.` {
			return
		}
	}
}

// lineOf returns the line of a place, which is never before the one asked for
// last.
func (c *cutter) lineOf(at int) int {
	if at > c.counted {
		c.line += strings.Count(c.text[c.counted:at], "\n")
		c.counted = at
	}
	return c.line
}
