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

const longestKeyword = len("checkpoint")

// keywordOf finds the keyword that a word spells, in any case.
func keywordOf(word string) keyword {
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
	return keywords[string(lower[:len(word)])]
}
