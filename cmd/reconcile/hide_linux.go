package main

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// hide keeps other processes of this user, such as Terraform's plugins, from reading
// our memory and environment in /proc. A process that may trace (root) can still read
// the memory, so the initial environment is wiped. Errors are ignored.
func hide() {
	wipeEnvironment()
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

// wipeEnvironment clears our environment as /proc shows it. Go has made its
// own copy, which os.Getenv reads.
func wipeEnvironment() {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return
	}
	// The command's name, in parentheses, may contain anything; the fields follow
	// the last parenthesis. The first of them is the third; the 50th and 51st are
	// the addresses where the environment begins and ends.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const first, begin, end = 3, 50, 51
	if len(fields) <= end-first {
		return
	}
	start, err1 := strconv.ParseInt(string(fields[begin-first]), 10, 64)
	stop, err2 := strconv.ParseInt(string(fields[end-first]), 10, 64)
	if err1 != nil || err2 != nil || start == 0 || stop <= start {
		return
	}
	memory, err := os.OpenFile("/proc/self/mem", os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer memory.Close()
	_, _ = memory.WriteAt(make([]byte, stop-start), start)
}
