// Package testtier decides which tests run in which tier. It is the only
// place that leaves a test out: `make short` has no Terraform and no
// emulator, `make test` has no tool that takes long to build, and `make check`
// leaves nothing out.
package testtier

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// Need is what a test cannot run without.
type Need string

// Needs of tests.
const (
	Program     Need = "program"       // a program of this module, built
	Terraform   Need = "terraform"     // the terraform binary, and a provider that is built in seconds
	Emulator    Need = "emulator"      // DynamoDB Local, moto, AWS's emulator of Lambda
	Sandbox     Need = "sandbox"       // bubblewrap or strace
	OpenTofu    Need = "opentofu"      // built from source where it cannot be downloaded
	AWSProvider Need = "aws-provider"  // the real AWS provider
	Packager    Need = "packager"      // goreleaser
	Browser     Need = "browser"       // Chromium, axe-core, and templ, which generates the pages' code
	Scanner     Need = "policy-judges" // checkov, parliament, iam-simulate, cyclonedx-gomod
)

// Short is the tier of `make short`.
const Short = "short"

// tiers lists what the tests of a tier may need. A tier that is not here has
// everything.
var tiers = map[string][]Need{
	Short:  {},
	"test": {Program, Terraform, Emulator, Sandbox},
}

// Tier returns the tier that runs, from TEST_TIER: "short", "test" or
// "check". The default is "test", so that `go test ./...` does what `make test`
// does.
func Tier() string {
	if tier := os.Getenv("TEST_TIER"); tier != "" {
		return tier
	}
	return "test"
}

// Needs leaves the test out if the tier that runs lacks one of the needs. The
// file that TEST_LEFT_OUT names gets a line with the test's folder
// and name, from which `make check` runs it later.
func Needs(t testing.TB, needs ...Need) {
	t.Helper()
	has, limited := tiers[Tier()]
	if !limited {
		return
	}
	for _, need := range needs {
		if !slices.Contains(has, need) {
			recordLeftOut(t)
			t.Skipf("the tier %q has no %s: `make check` runs this test", Tier(), need)
			return
		}
	}
}

// IsWhole reports whether the test runs whole: every case that it has, as often as it says.
// Elsewhere than in the tier "check" it may run fewer; `make check` then runs it again,
// like a test that was left out.
func IsWhole(t testing.TB) bool {
	t.Helper()
	if _, limited := tiers[Tier()]; !limited {
		return true
	}
	recordLeftOut(t)
	return false
}

// Checks sets how many cases rapid draws, for the only test of a package that asks: few, all
// of them where the test runs whole, a third of few in the tier "short". With the flag
// -rapid.checks it changes nothing.
func Checks(t testing.TB, few, all int) {
	t.Helper()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == checksFlag })
	if given {
		return
	}
	checks := few
	if IsWhole(t) {
		checks = all
	} else if Tier() == Short {
		checks = few / 3
	}
	if err := flag.Set(checksFlag, strconv.Itoa(checks)); err != nil {
		t.Fatal(err)
	}
}

const checksFlag = "rapid.checks"

func recordLeftOut(t testing.TB) {
	t.Helper()
	list := os.Getenv("TEST_LEFT_OUT")
	if list == "" {
		return
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(list, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.WriteString(dir + " " + t.Name() + "\n") // one write: processes append to it at once
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// toolNeeds says what a test needs that uses a tool. A tool that is not here
// is one of the emulators.
var toolNeeds = map[string]Need{
	"terraform": Terraform, "mirror": Terraform,
	"tofu":         OpenTofu,
	"aws-provider": AWSProvider,
	"checkov":      Scanner, "parliament": Scanner, "iam-simulate": Scanner, "cyclonedx-gomod": Scanner, "policies": Scanner,
	"goreleaser": Packager,
	"templ":      Browser, "axe-core": Browser,
}

// Tool returns the path of a program that `make tools` has installed. The
// tests that the tier leaves out end here.
func Tool(t testing.TB, name string) string {
	t.Helper()
	return CacheFile(t, name, "bin", name)
}

// CacheFile returns a path below the cache of tools, which belongs to a tool.
func CacheFile(t testing.TB, tool string, path ...string) string {
	t.Helper()
	need, ok := toolNeeds[tool]
	if !ok {
		need = Emulator
	}
	Needs(t, need)
	dir, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(append([]string{dir}, path...)...)
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("%s is missing: run `make tools` (%v)", tool, err)
	}
	return file
}

// CacheDir returns the folder into which `make tools` installs.
func CacheDir() (string, error) {
	if dir := os.Getenv("RECONCILE_TEST_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "reconcile-test"), err
}
