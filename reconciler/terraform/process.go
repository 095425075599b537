package terraform

import (
	"bytes"
	"os"
	"syscall"
)

// process is a live process of this machine (a zombie is not alive).
type process struct {
	pid, parent, group int
	tag                string // value of tagVariable in its environment
}

// findProcessTree returns the marked processes, all that descend from them, and all
// in groups that a marked process leads.
func findProcessTree(all []process, isOurs func(tag string) bool) []process {
	members, groups := map[int]bool{}, map[int]bool{}
	for _, p := range all {
		if p.tag != "" && isOurs(p.tag) {
			members[p.pid] = true
			if p.group == p.pid {
				groups[p.group] = true
			}
		}
	}
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if !members[p.pid] && (members[p.parent] || groups[p.group]) {
				members[p.pid], grown = true, true
			}
		}
	}
	// Our own children first: Terraform must not see its programs die, and go
	// on to write what came of them.
	var children, rest []process
	for _, p := range all {
		switch {
		case !members[p.pid] || p.pid == os.Getpid():
		case p.parent == os.Getpid():
			children = append(children, p)
		default:
			rest = append(rest, p)
		}
	}
	return append(children, rest...)
}

// findChild is a marked child of a process; 0: there is none.
func findChild(all []process, parent int, tag string) int {
	for _, p := range all {
		if p.parent == parent && p.tag == tag {
			return p.pid
		}
	}
	return 0
}

// kill kills the process, and its group at once where it leads one, so that
// a process that forks without end cannot outrun us.
func (p process) kill() {
	if p.group == p.pid {
		syscall.Kill(-p.pid, syscall.SIGKILL)
	}
	syscall.Kill(p.pid, syscall.SIGKILL)
}

// findTag finds the mark in a block of NUL-separated NAME=VALUE pairs.
func findTag(environ []byte) string {
	for pair := range bytes.SplitSeq(environ, []byte{0}) {
		if value, ok := bytes.CutPrefix(pair, []byte(tagVariable+"=")); ok {
			return string(value)
		}
	}
	return ""
}
