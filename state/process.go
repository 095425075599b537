package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"syscall"
)

// Self names the running process. Task is left to the caller, who must ask
// ECS for it.
func Self() Process {
	host, _ := os.Hostname()
	p := Process{
		Host:  host,
		Boot:  boot(),
		PID:   os.Getpid(),
		Build: os.Getenv("CODEBUILD_BUILD_ID"),
		User:  "@" + host,
	}
	p.Start, _ = started(p.PID)
	if u, err := user.Current(); err == nil {
		p.User = u.Username + "@" + host
	}
	return p
}

// Dead tells whether p has ended. It is known only of processes of this boot
// of this machine, in this pid namespace.
func (p Process) Dead() (dead, known bool) { return p.deadBeside(Self()) }

// deadBeside is Dead as self sees it. Hosts, tasks and builds are compared
// too, because machines that were cloned while running share a boot id.
func (p Process) deadBeside(self Process) (dead, known bool) {
	beside := p.Boot != "" && p.Boot == self.Boot && p.Host == self.Host && p.Task == self.Task && p.Build == self.Build
	if !beside || p.PID <= 0 || p.Start == "" {
		return false, false
	}
	// The signal 0 is answered even where /proc hides other users' processes.
	if errors.Is(syscall.Kill(p.PID, 0), syscall.ESRCH) {
		return true, true
	}
	start, ended := started(p.PID)
	if start == "" {
		return false, false
	}
	return ended || start != p.Start, true
}

// String is p for people: where it runs, in the terms of that place.
func (p Process) String() string {
	switch {
	case p.Task != "":
		return fmt.Sprintf("%s (ECS task %s)", p.Host, p.Task)
	case p.Build != "":
		return fmt.Sprintf("%s (CodeBuild %s)", p.Host, p.Build)
	default:
		return fmt.Sprintf("%s (pid %d)", p.Host, p.PID)
	}
}

// Self is the process that this record's leases are taken for.
func (r *Record) Self() Process { return r.opts.Self }

// Dead tells whether a process is certainly dead: this machine is asked first,
// then whoever ran it.
func (r *Record) Dead(ctx context.Context, p Process) (bool, error) { return r.dead(ctx, p, true) }

func (r *Record) dead(ctx context.Context, p Process, callOut bool) (bool, error) {
	if dead, known := p.deadBeside(r.opts.Self); known {
		return dead, nil
	}
	if !callOut || r.opts.ProcessDead == nil {
		return false, nil
	}
	return r.opts.ProcessDead(ctx, p)
}
