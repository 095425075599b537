//go:build linux

package terraform_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/internal/programtest"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/terraform/sandbox"
)

// withSandbox runs untrusted sessions in a sandbox. It fails on a machine without one.
func withSandbox(t testing.TB) option {
	t.Helper()
	found, err := sandbox.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return func(o *terraform.Options) { o.Sandbox = found }
}

const pathConfig = `
resource "terraform_data" "x" { input = "2 ${abspath(path.module)} ${file("${path.module}/main.tf") != ""}" }
output "o" { value = pathexpand("~") }
`

// TestSandboxPlans: a plan in the sandbox sees the current state at the passes' path, and
// changes nothing.
func TestSandboxPlans(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, resourceConfig, opt, withSandbox(t))
		s.apply()
		before := s.read(s.state)
		s.write("main.tf", pathConfig)
		s.spec.Untrusted, s.spec.ReadOnly, s.spec.SandboxRoot = true, true, "/var/lib/estate"
		for range 2 { // with init and without
			plan := s.planAndClose()
			for _, want := range []string{"2 /var/lib/estate/env/one true", "/home/preview"} {
				if !strings.Contains(plan.Text, want) || plan.Changes != (terraform.Changes{Change: 1}) || !plan.StateExists {
					t.Errorf("%+v, want %s in it", plan, want)
				}
			}
		}
		if s.log.countInits() != 2 {
			t.Errorf("init was run %d times:\n%s", s.log.countInits(), s.log)
		}
		if s.read(s.state) != before {
			t.Error("the state was changed")
		}
	})
}

// newAttackFixture returns a workspace whose Terraform is the attacker's program. The program
// reports its results in place of a plan.
func newAttackFixture(t *testing.T, attack string, opt ...option) *fixture {
	script := filepath.Join(t.TempDir(), "terraform")
	text := `#!/bin/bash
case $1 in
version) echo '{"terraform_version": "1.11.4", "terraform_outdated": false}' ;;
init)
	path=$(sed -n 's/.*path *= "\(.*\)"/\1/p' zzz_reconcile_override.tf)
	echo '{"version": 3, "backend": {"type": "local", "config": {"path": "'"$path"'"}}}' > .terraform/terraform.tfstate ;;
plan)
` + attack + `
;;
esac
exit 0
`
	programtest.Write(t, script, text)
	s := newFixture(t, resourceConfig, append(opt, withBinary(script))...)
	s.spec.Untrusted, s.spec.ReadOnly = true, true
	return s
}

// TestSandboxConfines tries all that a program can do to get at secrets. It runs the attacks
// also without the sandbox, to check that they work.
func TestSandboxConfines(t *testing.T) {
	const secret = "s3cret-of-ours"
	home := t.TempDir()
	neighbour := exec.Command("sleep", "1000") // stands for a reconcile process, which also hides in other ways
	neighbour.Env = []string{"SECRET=" + secret}
	if err := neighbour.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(neighbour.Process.Kill(), neighbour.Wait()) }()
	t.Setenv("HOME", home)
	listener, err := net.Listen("tcp", "127.0.0.1:0") // stands for the server of AWS credentials
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	abstract, err := net.Listen("unix", "@reconcile-sandbox-"+filepath.Base(home))
	if err != nil {
		t.Fatal(err)
	}
	defer abstract.Close()
	agent, err := net.Listen("unix", filepath.Join(home, "agent"))
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	for name, text := range map[string]string{
		".aws/credentials": secret, ".config/reconcile/config": secret, ".ssh/id_ed25519": secret, ".git-credentials": secret,
		".terraformrc": "# " + secret, "record/db": secret, "tfstate/other.tfstate": secret,
		"work/checkout/test/tree/env/x/main.tf": secret, "work/run/process-1/session-1/plan": secret, "work/init/x/done": secret,
	} {
		path := filepath.Join(home, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	attack := fmt.Sprintf(`
home=%q secret=%q pid=%d
leaks() { echo "leak: $1"; }
for file in $(find "$home" -type f 2>/dev/null); do
	grep -qs "$secret" "$file" && leaks "${file#"$home"/}"
done
for environ in /proc/[0-9]*/environ; do
	grep -qs "$secret" "$environ" && leaks environ && break
done
kill -0 $pid 2>/dev/null && leaks 'a signal'
[ -S "$home/agent" ] && leaks 'the agent'
(exec 3<>/dev/tcp/127.0.0.1/%d) 2>/dev/null && leaks 'a port'
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect("\0" + sys.argv[1])' %q 2>/dev/null && leaks 'an abstract socket'
for place in / /usr/bin /etc /proc/sys/kernel; do
	(echo x > "$place/written") 2>/dev/null && leaks "writes $place" && rm -f "$place/written"
done
for made in "$home/work/preview/init"/*/*/{done,terraform/x}; do
	(echo x >> "$made") 2>/dev/null && leaks 'writes what init made'
done
echo x > "$home/written"
(echo x >> %q) 2>/dev/null && leaks 'writes the state'
(echo x > /dev/tty) 2>/dev/null && leaks 'the terminal'
(echo x > /dev/written) 2>/dev/null && leaks 'writes devices'
for bounded in /tmp /dev/shm; do
	[ "$(stat -f -c %%T $bounded)" = tmpfs ] && [ $(($(stat -f -c '%%b*%%S' $bounded))) -le 2147483648 ] || leaks "no bound of $bounded"
done
mount -t tmpfs none /mnt 2>/dev/null && leaks 'mounts'
(mv .. ../../moved || mv ../other ../moved || echo x >> ../other/main.tf || ln -sfn / ../../m || mv "$PWD" "$PWD-moved") 2>/dev/null && leaks 'writes where others work'
echo x > ../../m/made-in-a-module && echo x > made-in-the-tree && echo x > /tmp/made-in-tmp && echo 'works: the tree'
:`, home, secret, os.Getpid(), listener.Addr().(*net.TCPAddr).Port, abstract.Addr().String()[1:], filepath.Join(home, "tfstate/one.tfstate"))

	run := func(t *testing.T, opt ...option) []string {
		s := newAttackFixture(t, attack, append(opt, func(o *terraform.Options) { o.WorkDir = filepath.Join(home, "work") })...)
		s.spec.LocalState = filepath.Join(home, "tfstate/one.tfstate")
		s.spec.WritableDirs = []string{"m"}
		s.write("../other/main.tf", resourceConfig)
		s.write("../../m/main.tf", resourceConfig)
		var lines []string
		for line := range strings.Lines(s.planAndClose().Text) {
			if line = strings.TrimSpace(line); strings.Contains(line, ": ") {
				lines = append(lines, line)
			}
		}
		return lines
	}
	if got := run(t, withSandbox(t)); !slices.Equal(got, []string{"works: the tree"}) {
		t.Errorf("in the sandbox: %q", got)
	}
	if _, err := os.Stat(filepath.Join(home, "written")); err == nil {
		t.Error("in the sandbox: writes the home directory")
	}
	open := run(t)
	for _, want := range []string{"leak: environ", "leak: a signal", "leak: the agent", "leak: a port", "leak: an abstract socket", "leak: .aws/credentials", "leak: record/db", "leak: writes the state", "leak: writes what init made", "leak: writes where others work", "leak: no bound of /tmp"} {
		if !slices.Contains(open, want) {
			t.Errorf("without the sandbox there is no %q: this test shows nothing; %q", want, open)
		}
	}
}

// TestSandboxPorts: the endpoints that the operator set can be reached.
func TestSandboxPorts(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	attack := fmt.Sprintf(`(exec 3<>/dev/tcp/%s) && echo 'reached: it'`, strings.Replace(listener.Addr().String(), ":", "/", 1))
	opt := []option{withSandbox(t), withEnv("AWS_ENDPOINT_URL_STS=http://" + listener.Addr().String())}
	if got := newAttackFixture(t, attack, opt...).planAndClose().Text; !strings.Contains(got, "reached: it") {
		t.Errorf("it cannot be reached: %s", got)
	}
	offline := newAttackFixture(t, attack, opt...)
	offline.spec.Offline = true
	if got := offline.planAndClose().Text; strings.Contains(got, "reached") {
		t.Errorf("a plan that needs no network reaches it")
	}
}

// TestSandboxStops: a plan in the sandbox receives its interrupt and may exit. If it does
// not, it is killed with all its children.
func TestSandboxStops(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attack string
		grace  time.Duration
		says   string
		killed bool
	}{
		"interrupted": {`trap 'echo "Error: heard it" >&2; exit 1' INT; echo ready > ready; while :; do sleep 0.05; done`, time.Minute, "heard it", false},
		"killed":      {`trap '' INT TERM HUP; (trap '' INT TERM HUP; setsid sleep 1000 &) ; echo ready > ready; while :; do sleep 0.05; done`, time.Millisecond, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newAttackFixture(t, c.attack, withSandbox(t), func(o *terraform.Options) { o.GracePeriod = c.grace })
			ready := filepath.Join(s.spec.Dir, "ready")
			if err := syscall.Mkfifo(ready, 0o600); err != nil {
				t.Fatal(err)
			}
			session := s.init()
			ctx, stop := context.WithCancel(t.Context())
			go func() {
				os.ReadFile(ready)
				stop()
			}()
			_, err := session.Plan(ctx)
			if !errors.Is(err, terraform.ErrStopped) || errors.Is(err, terraform.ErrKilled) != c.killed || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
			s.close(session)

		})
	}
}

// TestSandboxProviders: a preview uses the passes' providers, adds its own to a separate
// cache, and changes nothing in the passes' cache.
func TestSandboxProviders(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	s := newFixture(t, timeConfig, withSandbox(t), withMirror(t), func(o *terraform.Options) { o.WorkDir = work })
	s.spec.Untrusted, s.spec.ReadOnly = true, true
	if plan := s.planAndClose(); plan.Changes.Add != 1 {
		t.Errorf("%+v", plan)
	}
	entries, err := os.ReadDir(work)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff([]string{"preview", "run"}, names); diff != "" {
		t.Error(diff)
	}
}

// TestSandboxHidesFilesFromExpressions: without the policy check, expressions can read
// neither reconcile's files nor other workspaces' states.
func TestSandboxHidesFilesFromExpressions(t *testing.T) {
	t.Setenv("RECONCILE_GIT_PASSWORD", "s3cret-of-ours")
	other := newFixture(t, resourceConfig)
	other.apply()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	var config strings.Builder
	for i, path := range []string{"/proc/self/environ", "/proc/1/environ", fmt.Sprintf("/proc/%d/environ", os.Getpid()), other.state, filepath.Join(other.spec.Dir, "main.tf"), filepath.Join(home, ".bashrc"), "/etc/shadow", "/etc/passwd"} {
		fmt.Fprintf(&config, "output \"o%d\" {\n  value = try(replace(file(%q), \"\\u0000\", \" \"), filebase64(%[2]q), \"blind\")\n}\n", i, path)
	}
	fmt.Fprintf(&config, "output \"all\" {\n  value = fileset(%q, \"**\")\n}\n", filepath.Dir(other.state))
	s := newFixture(t, config.String(), withSandbox(t), withEnv("RECONCILE_GIT_PASSWORD=s3cret-of-ours"))
	s.spec.Untrusted, s.spec.ReadOnly = true, true
	text := s.planAndClose().Text
	if strings.Count(text, `"blind"`) != 6 || strings.Contains(text, "s3cret") || strings.Contains(text, "tfstate") {
		t.Errorf("it sees:\n%s", text)
	}
	// Terraform's own ways to read another workspace's state.
	for name, config := range map[string]string{
		"remote state": fmt.Sprintf("data \"terraform_remote_state\" \"x\" {\n  backend = \"local\"\n  config = { path = %q }\n}\noutput \"x\" {\n  value = data.terraform_remote_state.x.outputs\n}\n", other.state),
		"override":     resourceConfig,
	} {
		s := newFixture(t, config, withSandbox(t))
		if name == "override" {
			s.write("zzzz_override.tf", fmt.Sprintf("terraform {\n  backend \"local\" {\n    path = %q\n  }\n}\n", other.state))
		}
		s.spec.Untrusted, s.spec.ReadOnly = true, true
		session := s.open()
		err := session.Init(t.Context())
		var plan *terraform.Plan
		if err == nil {
			plan, err = session.Plan(t.Context())
		}
		if err == nil && plan.StateExists || err != nil && strings.Contains(err.Error(), `"1"`) {
			t.Errorf("%s: it sees the state: %+v, %v", name, plan, err)
		}
		s.close(session)
	}
}

// TestSandboxFollowsNoLinkOfThePlan: what a plan leaves in its directory makes no later
// command of the session, or reconcile itself, open a file of this machine for it.
func TestSandboxFollowsNoLinkOfThePlan(t *testing.T) {
	states := t.TempDir()
	other := filepath.Join(states, "other.tfstate")
	if err := os.WriteFile(other, []byte("s3cret-of-ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ attack, says string }{
		"a state that was not written": {`if [ -L errored.tfstate ]; then cat ` + other + ` > stolen 2>/dev/null; fi
ln -s "$(realpath --relative-to . / )/` + other[1:] + `" errored.tfstate; echo "Error: on purpose" >&2; exit 1`, "on purpose"},
		"a lock file that is a link":   {`rm -f .terraform.lock.hcl; ln -s ` + other + ` .terraform.lock.hcl; echo planned`, ".terraform.lock.hcl"},
		"a lock file that never ends":  {`rm -f .terraform.lock.hcl; ln -s /dev/zero .terraform.lock.hcl; echo planned`, ".terraform.lock.hcl"},
		"a lock file that blocks":      {`rm -f .terraform.lock.hcl; mkfifo .terraform.lock.hcl; echo planned`, ".terraform.lock.hcl"},
		"configuration that blocks":    {`mkfifo more.tf more.auto.tfvars; ln -s /dev/zero much.tf; rm -f .terraform.lock.hcl; mkdir .terraform.lock.hcl; echo planned`, ".terraform.lock.hcl"},
		"a lock file that is too long": {`truncate -s 1T .terraform.lock.hcl; echo planned`, ".terraform.lock.hcl"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAttackFixture(t, c.attack, withSandbox(t))
			s.spec.LocalState = filepath.Join(states, "one.tfstate")
			script, err := os.ReadFile(s.tf.Binary())
			if err != nil {
				t.Fatal(err)
			}
			// The attacker's provider runs with every later command, too.
			programtest.Write(t, s.tf.Binary(), strings.Replace(string(script), "\nplan)", "\nplan|show)", 1))
			session := s.init()
			_, err = session.Plan(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%v, want %q", err, c.says)
			}
			s.close(session)
			if text, err := os.ReadFile(filepath.Join(s.spec.Dir, "stolen")); err == nil && len(text) > 0 {
				t.Errorf("it has read another state: %s", text)
			}
		})
	}
}

// TestSandboxLeavesNoProcess: what a plan starts ends with the plan, also if the plan succeeds
// and the process left its session.
func TestSandboxLeavesNoProcess(t *testing.T) {
	t.Parallel()
	s := newAttackFixture(t, `mkfifo held ask; exec 3<>held 4<>ask
(setsid sh -c 'read line <&4; echo alive >&3' >/dev/null 2>&1 &); echo planned`, withSandbox(t))
	if text := s.planAndClose().Text; text != "planned\n" {
		t.Errorf("%q", text)
	}
	held, err := os.OpenFile(filepath.Join(s.spec.Dir, "held"), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ask, err := os.OpenFile(filepath.Join(s.spec.Dir, "ask"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err == nil { // else nothing reads it any more
		_, _ = ask.WriteString("\n") // a process that is left answers; one that is killed just now does not
		ask.Close()
	}
	if text, err := io.ReadAll(held); err != nil || len(text) > 0 { // waits while a process holds it open
		t.Errorf("%q, %v", text, err)
	}
}
