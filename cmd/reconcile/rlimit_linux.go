package main

import "golang.org/x/sys/unix"

// boundMemory bounds the memory of this process, and of each that it starts.
// (A bound on address space would hinder Go, which reserves much more than it
// uses.)
func boundMemory(mebibytes int) error {
	limit := uint64(mebibytes) << 20
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: limit, Max: limit})
}

// endWithParent has this process killed when the one that started it ends.
func endWithParent() error {
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
}
