// Package procinfo asks the system which boot it is in and when a process was started.
package procinfo

import (
	"bytes"
	"iter"
	"os"
	"strconv"
	"strings"
)

// BootID returns the id of the machine's current boot, or "" if the system has none.
func BootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

// PIDScope returns the boot id and the pid namespace, or "" if one is unknown. The pids of
// two processes are comparable where their scopes are equal.
func PIDScope() string {
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if id := BootID(); err == nil && id != "" {
		return id + " " + namespace
	}
	return ""
}

// StartTime returns when a process was started, in clock ticks since boot, and whether it
// has ended but was not yet reaped. start is "" if it cannot be read.
func StartTime(pid int) (start string, ended bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", false
	}
	for n, field := range StatFields(stat) {
		switch n {
		case 3:
			ended = bytes.ContainsAny(field, "ZXx")
		case 22:
			return string(field), ended
		}
	}
	return "", false
}

// StatFields returns the fields of /proc/PID/stat from the third on, with their numbers in
// proc_pid_stat(5). The second is the program's name in parentheses, which may hold
// anything, so it counts from the last parenthesis.
func StatFields(stat []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		n := 3
		for field := range bytes.FieldsSeq(stat[bytes.LastIndexByte(stat, ')')+1:]) {
			if !yield(n, field) {
				return
			}
			n++
		}
	}
}
