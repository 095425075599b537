package source

import "syscall"

// changeTime is when a file, its name or its mode was last changed, in
// nanoseconds of Unix time.
func changeTime(stat *syscall.Stat_t) int64 { return stat.Ctimespec.Nano() }
