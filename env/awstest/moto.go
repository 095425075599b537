package awstest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"reconcile/modules/tftest"
)

var listenLine = regexp.MustCompile(`Running on (http://127\.0\.0\.1:\d+)`)

// StartMoto starts moto, an emulator of AWS that `make tools` installs, and returns its
// address. It stops with the test.
func StartMoto(t testing.TB) string {
	t.Helper()
	return startMoto(t)
}

func startMoto(t testing.TB, env ...string) string {
	t.Helper()
	moto := exec.Command(tftest.FindTool(t, "moto_server"), "-H", "127.0.0.1", "-p", "0")
	// Issue certificates at the second request, not after a minute.
	moto.Env = append(os.Environ(), "MOTO_ACM_VALIDATION_WAIT=0", "MOTO_IAM_LOAD_MANAGED_POLICIES=true")
	// Without assertions: one fails where servers start from a second version of a launch
	// template, because only the first version's user data is decoded.
	moto.Env = append(moto.Env, "PYTHONOPTIMIZE=1")
	moto.Env = append(moto.Env, env...)
	output, err := moto.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := moto.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		moto.Process.Kill()
		moto.Wait()
	})
	var log strings.Builder
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if m := listenLine.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, output)
			return m[1]
		}
		log.WriteString(lines.Text() + "\n")
	}
	t.Fatalf("moto did not start:\n%s", log.String())
	return ""
}
