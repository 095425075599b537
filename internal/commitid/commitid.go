// Package commitid has the type of commit ids. Packages that do not know each other pass the
// same commit on, so it lies below them all.
package commitid

// ID is the full id of a commit in hexadecimal digits, or "" for none. It is encoded like
// the string that it is.
type ID string

// abbrevLength is enough for a large repository: git's own default grows to it.
const abbrevLength = 10

// Abbrev returns the id shortened for people. It returns a shorter id unchanged.
func (id ID) Abbrev() string { return string(id[:min(len(id), abbrevLength)]) }
