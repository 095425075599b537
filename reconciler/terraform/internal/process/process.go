// Package process finds, interrupts and kills the processes that carry a tag in their
// environment, with all that they started. It knows neither sessions nor workspaces.
package process

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"time"
)

// TagVariable marks a program and all its child processes in their environments.
const TagVariable = "TF_RECONCILE_SESSION"

const (
	// ScanInterval is how often processes are looked for.
	ScanInterval = 10 * time.Millisecond
	// KillTimeout is the maximum wait after SIGKILL before an error is returned.
	KillTimeout = 20 * time.Second
)

// InterruptDescendant sends SIGINT to the descendant of this process in that generation (1:
// a child) whose ancestors up to here all have the tag. It returns false if there is none
// yet.
func InterruptDescendant(tag string, generation int) bool {
	all, err := listProcesses()
	if err != nil {
		return false
	}
	pid := os.Getpid()
	for range generation {
		if pid = findChild(all, pid, tag); pid == 0 {
			return false
		}
	}
	return syscall.Kill(pid, syscall.SIGINT) == nil
}

// KillTree kills the processes with a tag that is ours, and their descendants. It returns
// when none is left, or with an error after KillTimeout.
func KillTree(isOurs func(tag string) bool) error {
	deadline := time.Now().Add(KillTimeout)
	ticker := time.NewTicker(ScanInterval)
	defer ticker.Stop()
	for {
		all, err := listProcesses()
		if err != nil {
			return fmt.Errorf("list processes: %w", err)
		}
		found := findProcessTree(all, isOurs)
		if len(found) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("terraform process %d was killed but did not exit; it may still change the workspace: end it by hand", found[0].pid)
		}
		for _, p := range found {
			p.kill()
		}
		<-ticker.C
	}
}

// process is a live process of this machine. Zombies do not count.
type process struct {
	pid, parent, group int
	tag                string // value of TagVariable in its environment
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

// findTag returns the value of TagVariable in a block of NUL-separated NAME=VALUE
// pairs.
func findTag(environ []byte) string {
	for pair := range bytes.SplitSeq(environ, []byte{0}) {
		if value, ok := bytes.CutPrefix(pair, []byte(TagVariable+"=")); ok {
			return string(value)
		}
	}
	return ""
}
