// Package runid has the type of run ids. Packages that do not know each other pass the
// same id on, so it lies below them all.
package runid

// ID is the id of a run, a ULID, or "" for none. It is encoded like the string that it is.
type ID string
