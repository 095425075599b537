package state

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// bootID returns the boot id and the pid namespace.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id)) + " " + namespace
}

// startTime returns when a process was started, in clock ticks since boot, and whether it
// has ended but was not yet reaped. start is "" if it cannot be read.
func startTime(pid int) (start string, ended bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", false
	}
	// The second field is the program's name in brackets, and may hold anything: count
	// from the last bracket. See proc_pid_stat(5).
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const state, startTime = 0, 22 - 3 // the fields are numbered from 1, and these begin with the third
	if len(fields) <= startTime {
		return "", false
	}
	return string(fields[startTime]), strings.ContainsAny(string(fields[state]), "ZXx")
}
