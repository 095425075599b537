package state

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestProcess(t *testing.T) {
	self := Self()
	if self.PID != os.Getpid() || self.Boot == "" || self.Start == "" || !strings.HasSuffix(self.User, "@"+self.Host) {
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
	living.Start, _ = started(living.PID)
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
		{"its number, used before", with(func(p *Process) { p.Start = "1" }), true, true},
		{"another boot", with(func(p *Process) { p.Boot = "other" }), false, false},
		{"an unknown boot", with(func(p *Process) { p.Boot = "" }), false, false},
		{"a clone of this machine", with(func(p *Process) { p.Host = "other" }), false, false},
		{"another task", with(func(p *Process) { p.Task = "arn:aws:ecs:1" }), false, false},
		{"another build", with(func(p *Process) { p.Build = "b:1" }), false, false},
		{"no number", with(func(p *Process) { p.PID = 0 }), false, false},
		{"all processes", with(func(p *Process) { p.PID = -1 }), false, false},
		{"no start", with(func(p *Process) { p.Start = "" }), false, false},
		{"nothing", Process{}, false, false},
	} {
		if dead, known := c.process.Dead(); dead != c.dead || known != c.known {
			t.Errorf("%s: got dead %v, known %v", c.name, dead, known)
		}
	}
	in.Close()
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if dead, known := living.Dead(); !dead || !known {
		t.Errorf("a process that has ended: got dead %v, known %v", dead, known)
	}
}
