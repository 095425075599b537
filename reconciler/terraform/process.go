package terraform

import (
	"bytes"
	"os"
	"syscall"
)

// process is a live process of this machine. Zombies do not count.
type process struct {
	pid, parent, group int
	tag                string // value of tagVariable in its environment
}

// findProcessTree returns the tagged processes, their descendants, and all members of
// the groups that a tagged process leads.
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
	// Children of this process come first: Terraform must not see its own children die
	// and write their results to the state.
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

// findChild returns the pid of a tagged child of parent, or 0.
func findChild(all []process, parent int, tag string) int {
	for _, p := range all {
		if p.parent == parent && p.tag == tag {
			return p.pid
		}
	}
	return 0
}

// kill kills the process. If it leads a group it first kills the group at once, so that
// a process that forks repeatedly cannot escape.
func (p process) kill() {
	if p.group == p.pid {
		syscall.Kill(-p.pid, syscall.SIGKILL)
	}
	syscall.Kill(p.pid, syscall.SIGKILL)
}

// findTag returns the value of tagVariable in a block of NUL-separated NAME=VALUE
// pairs.
func findTag(environ []byte) string {
	for pair := range bytes.SplitSeq(environ, []byte{0}) {
		if value, ok := bytes.CutPrefix(pair, []byte(tagVariable+"=")); ok {
			return string(value)
		}
	}
	return ""
}
