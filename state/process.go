package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"syscall"

	"reconcile/internal/procinfo"
)

// CurrentProcess describes the running process. The caller must ask ECS for TaskARN.
func CurrentProcess() Process {
	host, _ := os.Hostname()
	p := Process{
		Host:    host,
		BootID:  procinfo.PIDScope(),
		PID:     os.Getpid(),
		BuildID: os.Getenv("CODEBUILD_BUILD_ID"),
		User:    "@" + host,
	}
	p.StartTime, _ = procinfo.StartTime(p.PID)
	if u, err := user.Current(); err == nil {
		p.User = u.Username + "@" + host
	}
	return p
}

// IsDead reports whether p has ended. known is true only for processes of this boot of
// this machine, in this pid namespace.
func (p Process) IsDead() (dead, known bool) { return p.isDeadAsSeenBy(CurrentProcess()) }

// isDeadAsSeenBy does what IsDead does, as self sees it. It also compares hosts, tasks and builds,
// because machines that were cloned while running share a boot id.
func (p Process) isDeadAsSeenBy(self Process) (dead, known bool) {
	sameMachine := p.BootID != "" && p.BootID == self.BootID && p.Host == self.Host && p.TaskARN == self.TaskARN && p.BuildID == self.BuildID
	if !sameMachine || p.PID <= 0 || p.StartTime == "" {
		return false, false
	}
	// Signal 0 gets an answer even where /proc hides other users' processes.
	if errors.Is(syscall.Kill(p.PID, 0), syscall.ESRCH) {
		return true, true
	}
	start, ended := procinfo.StartTime(p.PID)
	if start == "" {
		return false, false
	}
	return ended || start != p.StartTime, true
}

// String describes p for people: where it runs, in the terms of that place.
func (p Process) String() string {
	switch {
	case p.TaskARN != "":
		return fmt.Sprintf("%s (ECS task %s)", p.Host, p.TaskARN)
	case p.BuildID != "":
		return fmt.Sprintf("%s (CodeBuild %s)", p.Host, p.BuildID)
	default:
		return fmt.Sprintf("%s (pid %d)", p.Host, p.PID)
	}
}

// Process returns the process that this record's leases are acquired for.
func (r *Record) Process() Process { return r.opts.Process }

// IsProcessDead reports whether a process is certainly dead. It asks this machine first,
// then the service that ran the process.
func (r *Record) IsProcessDead(ctx context.Context, p Process) (bool, error) {
	return r.isProcessDead(ctx, p, true)
}

func (r *Record) isProcessDead(ctx context.Context, p Process, callOut bool) (bool, error) {
	if dead, known := p.isDeadAsSeenBy(r.opts.Process); known {
		return dead, nil
	}
	if !callOut || r.opts.IsProcessDead == nil {
		return false, nil
	}
	return r.opts.IsProcessDead(ctx, p)
}
