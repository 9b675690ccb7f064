package cache

import (
	"crypto/sha1"
	_ "embed"
	"encoding/hex"
)

// script is one of the protocol's scripts, which Redis knows by its SHA-1.
type script struct {
	name, text, sha string
}

//go:embed lua/meta.lua
var metaText string

//go:embed lua/init.lua
var initText string

//go:embed lua/fill.lua
var fillText string

//go:embed lua/hold.lua
var holdText string

//go:embed lua/release.lua
var releaseText string

var (
	metaScript    = newScript("meta", metaText)
	initScript    = newScript("init", initText)
	fillScript    = newScript("fill", fillText)
	holdScript    = newScript("hold", holdText)
	releaseScript = newScript("release", releaseText)

	scripts = []script{metaScript, initScript, fillScript, holdScript, releaseScript}
)

func newScript(name, text string) script {
	sum := sha1.Sum([]byte(text)) // SHA-1 is Redis' choice
	return script{name: name, text: text, sha: hex.EncodeToString(sum[:])}
}
