package state

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"reconcile/internal/procinfo"
)

func TestProcess(t *testing.T) {
	t.Parallel()
	self := CurrentProcess()
	if self.PID != os.Getpid() || self.BootID == "" || self.StartTime == "" || !strings.HasSuffix(self.User, "@"+self.Host) {
		t.Fatalf("self: got %+v", self)
	}
	child := exec.Command("cat")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	living := self
	living.PID = child.Process.Pid
	living.StartTime, _ = procinfo.StartTime(living.PID)
	with := func(change func(*Process)) Process {
		p := living
		change(&p)
		return p
	}
	for _, c := range []struct {
		name        string
		process     Process
		dead, known bool
	}{
		{"self", self, false, true},
		{"a living process", living, false, true},
		{"its number, used before", with(func(p *Process) { p.StartTime = "1" }), true, true},
		{"another boot", with(func(p *Process) { p.BootID = "other" }), false, false},
		{"an unknown boot", with(func(p *Process) { p.BootID = "" }), false, false},
		{"a clone of this machine", with(func(p *Process) { p.Host = "other" }), false, false},
		{"another task", with(func(p *Process) { p.TaskARN = "arn:aws:ecs:1" }), false, false},
		{"another build", with(func(p *Process) { p.BuildID = "b:1" }), false, false},
		{"no number", with(func(p *Process) { p.PID = 0 }), false, false},
		{"all processes", with(func(p *Process) { p.PID = -1 }), false, false},
		{"no start", with(func(p *Process) { p.StartTime = "" }), false, false},
		{"nothing", Process{}, false, false},
	} {
		if dead, known := c.process.IsDead(); dead != c.dead || known != c.known {
			t.Errorf("%s: got dead %v, known %v", c.name, dead, known)
		}
	}
	in.Close()
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if dead, known := living.IsDead(); !dead || !known {
		t.Errorf("a process that has ended: got dead %v, known %v", dead, known)
	}
}
