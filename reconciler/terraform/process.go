package terraform

import (
	"bytes"
	"os"
	"syscall"
)

// process is a live process of this machine (a zombie is not alive).
type process struct {
	pid, parent, group int
	mark               string // value of markVariable in its environment
}

// family returns the marked processes, all that descend from them, and all
// in groups that a marked process leads.
func family(all []process, ours func(mark string) bool) []process {
	members, groups := map[int]bool{}, map[int]bool{}
	for _, p := range all {
		if p.mark != "" && ours(p.mark) {
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
	var first, rest []process
	for _, p := range all {
		switch {
		case !members[p.pid] || p.pid == os.Getpid():
		case p.parent == os.Getpid():
			first = append(first, p)
		default:
			rest = append(rest, p)
		}
	}
	return append(first, rest...)
}

// childOf is a marked child of a process; 0: there is none.
func childOf(all []process, parent int, mark string) int {
	for _, p := range all {
		if p.parent == parent && p.mark == mark {
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

// findMark finds the mark in a block of NUL-separated NAME=VALUE pairs.
func findMark(environ []byte) string {
	for pair := range bytes.SplitSeq(environ, []byte{0}) {
		if value, ok := bytes.CutPrefix(pair, []byte(markVariable+"=")); ok {
			return string(value)
		}
	}
	return ""
}
