package main

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

var unsafeChars = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// recordDir turns a record's name into a directory name: its last part for people,
// and a hash that makes it unique.
func recordDir(record string) string {
	last := record[strings.LastIndex(record, "/")+1:]
	sum := sha256.Sum256([]byte(record))
	return strings.Trim(unsafeChars.ReplaceAllString(last, "-"), ".-") + "-" + hex.EncodeToString(sum[:4])
}
