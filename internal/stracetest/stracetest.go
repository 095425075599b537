// Package stracetest runs programs of tests under strace, and reads what they touched. A
// test that uses it fails where nothing can be traced.
package stracetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"reconcile/internal/testtier"
)

// Args returns strace and its arguments. Those that name the log and the program follow.
// The calls are a list in strace's words.
func Args(t testing.TB, calls string) []string {
	t.Helper()
	testtier.Needs(t, testtier.Sandbox)
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatalf("%v: run `make tools`", err)
	}
	return []string{strace, "-f", "--seccomp-bpf", "-y", "-s", "4096", "-e", "trace=" + calls}
}

// ReadLog returns the lines of a log. Its calls include execve, which shows that the
// program was traced.
func ReadLog(t testing.TB, log string) []string {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "execve(") {
		t.Fatalf("strace saw nothing of %s: %s", filepath.Base(log), text)
	}
	return strings.Split(string(text), "\n")
}

var messagePattern = regexp.MustCompile(`(?m)^(?:/\S*/)?strace: .*\n`)

// DropMessages returns what a traced program printed, without the lines that strace adds. It
// writes "Exit of unknown pid 7 ignored" if a thread ends before strace has seen it start.
func DropMessages(output string) string { return messagePattern.ReplaceAllString(output, "") }

var (
	relativePattern = regexp.MustCompile(`<(/[^>]*)>, "([^"]*)"`) // a directory's descriptor, and a path from there
	quotedPattern   = regexp.MustCompile(`^\d+ +\w+\("([^"]*)"`)
	openedPattern   = regexp.MustCompile(`= \d+<(/[^>]*)>`)
	addressPattern  = regexp.MustCompile(`sa_family=AF_INET6?, .*?sin6?_port=htons\((\d+)\).*?"([^"]+)"`)
	listedPattern   = regexp.MustCompile(`^\d+ +getdents64\(\d+<(/[^>]*)>`)
)

// Paths returns the absolute paths in a line of a log, or the address. They include the
// targets of links.
func Paths(line string) []string {
	var found []string
	if m := addressPattern.FindStringSubmatch(line); m != nil {
		return []string{m[2] + ":" + m[1]}
	}
	if m := relativePattern.FindStringSubmatch(line); m != nil {
		path := unescape(m[2])
		if !filepath.IsAbs(path) {
			path = filepath.Join(unescape(m[1]), path)
		}
		found = append(found, filepath.Clean(path))
	} else if m := quotedPattern.FindStringSubmatch(line); m != nil && filepath.IsAbs(m[1]) {
		found = append(found, filepath.Clean(unescape(m[1])))
	}
	if m := openedPattern.FindStringSubmatch(line); m != nil {
		found = append(found, filepath.Clean(unescape(m[1])))
	}
	return found
}

// ListedDir returns the directory whose entries a line of a log reads, or "".
func ListedDir(line string) string {
	if m := listedPattern.FindStringSubmatch(line); m != nil {
		return unescape(m[1])
	}
	return ""
}

// unescape returns the text that strace wrote with escapes, as in C.
func unescape(text string) string {
	if plain, err := strconv.Unquote(`"` + text + `"`); err == nil {
		return plain
	}
	return text
}
