package self

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"reconcile/internal/procinfo"
)

// Hide keeps other processes of this user, such as Terraform's plugins, from reading
// our memory and environment in /proc. A process that may trace (root) can still read
// the memory, so the initial environment is wiped. Errors are ignored.
func Hide() {
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
	var bounds []int64 // the addresses where the environment begins and ends; 0 if hidden
	for n, field := range procinfo.StatFields(stat) {
		if n != 50 && n != 51 {
			continue
		}
		address, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return
		}
		bounds = append(bounds, address)
	}
	if len(bounds) != 2 || bounds[0] == 0 || bounds[1] <= bounds[0] {
		return
	}
	memory, err := os.OpenFile("/proc/self/mem", os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer memory.Close()
	_, _ = memory.WriteAt(make([]byte, bounds[1]-bounds[0]), bounds[0])
}

// BoundMemory limits the memory of this process and of each process that it starts.
// (A limit on address space would not fit: Go reserves much more than it uses.)
func BoundMemory(mebibytes int) error {
	limit := uint64(mebibytes) << 20
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: limit, Max: limit})
}

// EndWithParent makes the kernel kill this process when its parent ends.
func EndWithParent() error {
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
}
