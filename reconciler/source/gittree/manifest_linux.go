package gittree

import "syscall"

// changeTime returns the file's ctime in nanoseconds of Unix time: the last change of
// content, name or mode.
func changeTime(stat *syscall.Stat_t) int64 { return stat.Ctim.Nano() }
