package page

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/oklog/ulid/v2"

	"reconcile/internal/runid"
	"reconcile/state"
)

// Directories and files below the directory of a language.
const (
	overviewFile  = "index.html"
	graphFile     = "graph.html"
	workspacesDir = "w/"
	runsDir       = "r/"
	graphsDir     = "g/"
)

// DirOf returns the directory of a record below the place that pages are written to.
func DirOf(record string) string { return state.DirName(record) }

// WorkspacePath returns where the page of a workspace is, below the directory of a language.
func WorkspacePath(workspace string) string { return workspacesDir + slug(workspace) + ".html" }

// runPath returns where the page of a run is, below the directory of a language.
func runPath(run runid.ID) string {
	if isULID(string(run)) {
		return runsDir + string(run) + ".html"
	}
	return runsDir + slug(string(run)) + ".html"
}

// URLs returns a function that says where people open the page of a run, if they open the
// pages of the target at base.
func URLs(base, record string) func(language string, run runid.ID) string {
	return func(language string, run runid.ID) string {
		return strings.TrimRight(base, "/") + "/" + DirOf(record) + "/" + language + "/" + runPath(run)
	}
}

// Sizes of file names, in bytes.
const (
	maxPlainName = 80
	maxSlugText  = 60
)

const (
	digits   = "0123456789"
	letters  = "abcdefghijklmnopqrstuvwxyz"
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// consistsOf reports whether a text is one or more of some characters. It stands for a pattern,
// which would be compiled at each start of the program.
func consistsOf(text, characters string) bool {
	return text != "" && strings.Trim(text, characters) == ""
}

func isULID(text string) bool {
	return len(text) == ulid.EncodedSize && consistsOf(text, digits+capitals)
}

// slug returns a file name for any text. Texts that differ only in case have different names
// also where the file system does not tell them apart.
func slug(text string) string {
	if len(text) <= maxPlainName && consistsOf(text, digits+letters+"_.-") && consistsOf(text[:1], digits+letters) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	plain := strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !strings.ContainsRune(digits+letters+capitals+"_", r) }), "-")
	return strings.ToLower(plain[:min(len(plain), maxSlugText)]) + "-" + hex.EncodeToString(sum[:6])
}
