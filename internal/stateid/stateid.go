// Package stateid has the type of state identities. Packages that do not know each other
// pass the same identity on, so it lies below them all.
package stateid

// ID is where the Terraform state of a workspace lives, for example
// "s3://bucket/key", or "" where that is not known. It is encoded like the string that it is.
type ID string
