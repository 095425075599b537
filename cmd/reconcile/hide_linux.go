package main

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// hide keeps other processes of this user, as Terraform's programs are, from
// reading our memory and our environment in /proc. Whoever has the capability
// to trace, as root has, is not kept from the memory; the environment that we
// were started with is wiped. Failing is no reason not to work: the sandbox
// shows nothing of us.
func hide() {
	wipeEnvironment()
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

// wipeEnvironment clears what /proc shows of our environment. Go has made its
// own copy, which os.Getenv reads.
func wipeEnvironment() {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return
	}
	// The command's name, in parentheses, may hold anything: fields follow the
	// last one. The first of these is the third; the 50th and 51st say where
	// the environment begins and ends.
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
