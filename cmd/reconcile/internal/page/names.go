package page

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

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

// RunPath returns where the page of a run is, below the directory of a language.
func RunPath(run runid.ID) string {
	if ulidText.MatchString(string(run)) {
		return runsDir + string(run) + ".html"
	}
	return runsDir + slug(string(run)) + ".html"
}

// URLs returns a function that says where people open the page of a run, if they open the
// pages of the target at base.
func URLs(base, record string) func(language string, run runid.ID) string {
	return func(language string, run runid.ID) string {
		return strings.TrimRight(base, "/") + "/" + DirOf(record) + "/" + language + "/" + RunPath(run)
	}
}

var (
	plainName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,79}$`)
	ulidText  = regexp.MustCompile(`^[0-9A-Z]{26}$`)
	notPlain  = regexp.MustCompile(`[^A-Za-z0-9_-]+`)
)

const maxSlugText = 60

// slug returns a file name for any text. Texts that differ only in case have different names
// also where the file system does not tell them apart.
func slug(text string) string {
	if plainName.MatchString(text) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	plain := strings.Trim(notPlain.ReplaceAllString(text, "-"), "-")
	return strings.ToLower(plain[:min(len(plain), maxSlugText)]) + "-" + hex.EncodeToString(sum[:6])
}
