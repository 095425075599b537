package main

import (
	"os"
	"regexp"
	"testing"
)

// The changelog begins with the version that a release from here would have.
func TestNextVersion(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	heading := regexp.MustCompile(`(?m)^## \[(.*?)\]`).FindSubmatch(content)
	if heading == nil || string(heading[1]) != nextVersion {
		t.Errorf("CHANGELOG.md begins with %q, nextVersion is %s", heading, nextVersion)
	}
}
