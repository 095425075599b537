// Package commitid writes commit ids for people. Packages that do not know each other show
// the same commit, so the length is set here once.
package commitid

// abbrevLength is enough for a large repository: git's own default grows to it.
const abbrevLength = 10

// Abbrev shortens a commit id for people. It returns a shorter text unchanged.
func Abbrev(id string) string { return id[:min(len(id), abbrevLength)] }
