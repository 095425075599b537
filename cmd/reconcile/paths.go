package main

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

var unsafeChars = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// recordDir is a record's name as the name of a folder: its last part, for
// people, and enough of a hash to tell it from all others.
func recordDir(record string) string {
	last := record[strings.LastIndex(record, "/")+1:]
	sum := sha256.Sum256([]byte(record))
	return strings.Trim(unsafeChars.ReplaceAllString(last, "-"), ".-") + "-" + hex.EncodeToString(sum[:4])
}
