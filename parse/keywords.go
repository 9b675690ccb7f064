package parse

// keyword is what a word may mean to the scanner.
type keyword uint8

const (
	noKeyword keyword = iota
	otherKeyword
	kwSelect
	kwWith
	kwValues
	kwTable
	kwExplain
	kwAnalyze
	kwVerbose
	kwAs
	kwFrom
	kwInto
	kwSet
	kwInsert
	kwReplace
	kwUpdate
	kwDelete
	kwMerge
	kwFor
	kwShare
	kwNo
	kwKey
	kwOr
	kwNot
	kwCase
	kwJoin
	kwCopy
	kwShow
	kwNotify
	kwCheckpoint
	kwWriting     // begins a statement that is no read
	kwTransaction // begins a statement of transaction control

	// Of MySQL alone.
	kwDescribe  // EXPLAIN by another name
	kwIn        // LOCK IN SHARE MODE
	kwValue     // NEXT VALUE FOR
	kwOperator  // an operator that is a word
	kwNest      // nests without parentheses
	kwInterval  // marino reads what follows more than once
	kwJSONValue // likewise
	kwUnit      // what ends an interval
	kwClause    // ends FROM
	kwDo        // evaluates expressions
)

// keywords maps the words that matter. The words of otherKeyword may stand
// before a parenthesis without being a function.
var keywords = map[string]keyword{
	"select": kwSelect, "with": kwWith, "values": kwValues, "table": kwTable,
	"explain": kwExplain, "analyze": kwAnalyze, "analyse": kwAnalyze, "verbose": kwVerbose,
	"as":   kwAs,
	"from": kwFrom, "into": kwInto, "set": kwSet,
	"insert": kwInsert, "replace": kwReplace, "update": kwUpdate, "delete": kwDelete, "merge": kwMerge,
	"for": kwFor, "share": kwShare, "no": kwNo, "key": kwKey,
	"or": kwOr, "not": kwNot, "case": kwCase, "join": kwJoin,
	"copy": kwCopy, "show": kwShow, "notify": kwNotify, "checkpoint": kwCheckpoint,
	"truncate": kwWriting, "call": kwWriting, "do": kwWriting, "load": kwWriting,
	"create": kwWriting, "alter": kwWriting, "drop": kwWriting, "execute": kwWriting,
	"grant": kwWriting, "revoke": kwWriting, "lock": kwWriting, "vacuum": kwWriting,
	"attach": kwWriting, "detach": kwWriting, "pragma": kwWriting, "reindex": kwWriting,
	"refresh": kwWriting, "import": kwWriting, "handler": kwWriting, "rename": kwWriting,
	"begin": kwTransaction, "start": kwTransaction, "commit": kwTransaction, "end": kwTransaction,
	"rollback": kwTransaction, "abort": kwTransaction, "savepoint": kwTransaction, "release": kwTransaction,
	"prepare": kwTransaction,

	"and": otherKeyword, "in": otherKeyword, "any": otherKeyword, "all": otherKeyword, "some": otherKeyword,
	"exists": otherKeyword, "on": otherKeyword, "using": otherKeyword, "where": otherKeyword, "having": otherKeyword,
	"by": otherKeyword, "when": otherKeyword, "then": otherKeyword, "else": otherKeyword, "limit": otherKeyword,
	"offset": otherKeyword, "union": otherKeyword, "except": otherKeyword, "intersect": otherKeyword,
	"lateral": otherKeyword, "distinct": otherKeyword, "like": otherKeyword, "ilike": otherKeyword,
	"between": otherKeyword, "is": otherKeyword, "array": otherKeyword, "row": otherKeyword, "cast": otherKeyword,
	"over": otherKeyword, "filter": otherKeyword, "coalesce": otherKeyword, "nullif": otherKeyword,
}

// mysqlKeywords are the words that mean something else, or something at all,
// in MySQL.
var mysqlKeywords = map[string]keyword{
	"describe": kwDescribe, "desc": kwDescribe, "in": kwIn, "value": kwValue,
	"and": kwOperator, "xor": kwOperator, "div": kwOperator, "mod": kwOperator, "is": kwOperator,
	"collate": kwOperator, "like": kwOperator, "rlike": kwOperator, "regexp": kwOperator, "sounds": kwOperator,
	"binary": kwNest, "between": kwNest, "if": kwNest, "loop": kwNest, "while": kwNest, "repeat": kwNest, "elseif": kwNest,
	"straight_join": kwJoin, "interval": kwInterval, "json_value": kwJSONValue,
	"where": kwClause, "having": kwClause, "by": kwClause, "limit": kwClause, "union": kwClause,
	"except": kwClause, "intersect": kwClause, "window": kwClause,
	"microsecond": kwUnit, "second": kwUnit, "minute": kwUnit, "hour": kwUnit, "day": kwUnit, "week": kwUnit,
	"month": kwUnit, "quarter": kwUnit, "year": kwUnit, "day_hour": kwUnit, "day_minute": kwUnit,
	"day_second": kwUnit, "hour_minute": kwUnit, "hour_second": kwUnit, "minute_second": kwUnit, "year_month": kwUnit,
	"xa": kwTransaction, "unlock": kwTransaction,
	"help": kwShow, "do": kwDo, "flush": kwWriting, "kill": kwWriting, "install": kwWriting, "optimize": kwWriting,
	// These are columns, and no statements.
	"copy": noKeyword, "notify": noKeyword, "checkpoint": noKeyword, "verbose": noKeyword, "array": noKeyword,
	"vacuum": noKeyword, "attach": noKeyword, "detach": noKeyword, "pragma": noKeyword, "reindex": noKeyword,
	"refresh": noKeyword, "import": noKeyword, "handler": kwWriting, "merge": noKeyword,
	"end": otherKeyword, "abort": noKeyword, "ilike": noKeyword,
	// Pure functions of every server, and not worth a name.
	"left": otherKeyword, "right": otherKeyword,
}

const longestKeyword = len("straight_join")

// keywordOf finds the keyword that a word spells in a dialect, in any case.
func keywordOf(d Dialect, word string) keyword {
	var lower [longestKeyword]byte
	if len(word) > len(lower) {
		return noKeyword
	}
	for i := 0; i < len(word); i++ {
		c := word[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	if d == MySQL {
		if kw, ok := mysqlKeywords[string(lower[:len(word)])]; ok {
			return kw
		}
	}
	return keywords[string(lower[:len(word)])]
}
