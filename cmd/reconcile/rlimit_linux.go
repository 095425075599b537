package main

import "golang.org/x/sys/unix"

// boundMemory limits the memory of this process and of each process that it starts.
// (A limit on address space would not fit: Go reserves much more than it uses.)
func boundMemory(mebibytes int) error {
	limit := uint64(mebibytes) << 20
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: limit, Max: limit})
}

// endWithParent makes the kernel kill this process when its parent ends.
func endWithParent() error {
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
}
