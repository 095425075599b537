package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"syscall"
)

// CurrentProcess names the running process. Task is left to the caller, who must ask
// ECS for it.
func CurrentProcess() Process {
	host, _ := os.Hostname()
	p := Process{
		Host:    host,
		BootID:  bootID(),
		PID:     os.Getpid(),
		BuildID: os.Getenv("CODEBUILD_BUILD_ID"),
		User:    "@" + host,
	}
	p.StartTime, _ = startTime(p.PID)
	if u, err := user.Current(); err == nil {
		p.User = u.Username + "@" + host
	}
	return p
}

// IsDead tells whether p has ended. It is known only of processes of this boot
// of this machine, in this pid namespace.
func (p Process) IsDead() (dead, known bool) { return p.isDeadAsSeenBy(CurrentProcess()) }

// isDeadAsSeenBy is Dead as self sees it. Hosts, tasks and builds are compared
// too, because machines that were cloned while running share a boot id.
func (p Process) isDeadAsSeenBy(self Process) (dead, known bool) {
	sameMachine := p.BootID != "" && p.BootID == self.BootID && p.Host == self.Host && p.TaskARN == self.TaskARN && p.BuildID == self.BuildID
	if !sameMachine || p.PID <= 0 || p.StartTime == "" {
		return false, false
	}
	// The signal 0 is answered even where /proc hides other users' processes.
	if errors.Is(syscall.Kill(p.PID, 0), syscall.ESRCH) {
		return true, true
	}
	start, ended := startTime(p.PID)
	if start == "" {
		return false, false
	}
	return ended || start != p.StartTime, true
}

// String is p for people: where it runs, in the terms of that place.
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

// Process is the process that this record's leases are taken for.
func (r *Record) Process() Process { return r.opts.Process }

// IsProcessDead tells whether a process is certainly dead: this machine is asked first,
// then whoever ran it.
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
