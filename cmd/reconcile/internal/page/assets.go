package page

import (
	"crypto/sha256"
	_ "embed" // the style sheet, the script and the icon
	"encoding/hex"

	"reconcile/cmd/reconcile/internal/page/target"
)

//go:embed assets/page.css
var styleSheet []byte

//go:embed assets/page.js
var script []byte

//go:embed assets/icon.svg
var icon []byte

// policy is the Content-Security-Policy of every page: it loads its own style sheet, script
// and icon, and sends nothing anywhere.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"

// assets are the names of the style sheet, the script and the icon, below the directory of
// the record. A name has the hash of the content, so a browser may keep it.
type assets struct{ style, script, icon string }

// assetFiles returns the assets and their content by name.
func assetFiles() (assets, map[string][]byte) {
	a := assets{style: assetName("page", styleSheet, "css"), script: assetName("page", script, "js"), icon: assetName("icon", icon, "svg")}
	return a, map[string][]byte{a.style: styleSheet, a.script: script, a.icon: icon}
}

func assetName(name string, content []byte, kind string) string {
	sum := sha256.Sum256(content)
	return target.AssetsDir + name + "-" + hex.EncodeToString(sum[:8]) + "." + kind
}
