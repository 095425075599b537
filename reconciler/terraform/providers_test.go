package terraform_test

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"reconcile/internal/testtier"
	"reconcile/reconciler/terraform"
)

const (
	timeVersion = "0.14.2"
	timeConfig  = `
terraform {
  required_providers {
    time = { source = "hashicorp/time" }
  }
}
resource "time_static" "x" { rfc3339 = "2026-11-23T00:00:00Z" }
`
)

// withMirror creates a mirror of the time provider for both registries, as archives.
// Terraform unpacks archives into its cache, as it does downloads, but only links to an
// unpacked mirror. The CLI configuration allows only this mirror.
func withMirror(t *testing.T) option {
	t.Helper()
	platform := runtime.GOOS + "_" + runtime.GOARCH
	dir := t.TempDir()
	unpacked, err := filepath.Glob(filepath.Join(testtier.CacheFile(t, "mirror", "mirror"), "registry.terraform.io", "hashicorp", "time", timeVersion, platform, "*"))
	if err != nil || len(unpacked) != 1 {
		t.Fatalf("the time provider %s is needed: run `make tools` (%v)", timeVersion, err)
	}
	for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		home := filepath.Join(dir, registry, "hashicorp", "time")
		if err := os.MkdirAll(home, 0o755); err != nil {
			t.Fatal(err)
		}
		writeZip(t, unpacked[0], filepath.Join(home, "terraform-provider-time_"+timeVersion+"_"+platform+".zip"))
	}
	config := filepath.Join(dir, "terraformrc")
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return withEnv("TF_CLI_CONFIG_FILE=" + config)
}

func writeZip(t *testing.T, file, archive string) {
	t.Helper()
	out, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	zipped := zip.NewWriter(out)
	header := &zip.FileHeader{Name: filepath.Base(file), Method: zip.Store}
	header.SetMode(0o755)
	entry, err := zipped.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(entry, in); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
}

// listSharedPackages returns the providers in the shared cache.
func listSharedPackages(t *testing.T, work string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(work, "providers", "*", "hashicorp", "time", timeVersion, "*_*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestProviderCacheIsShared starts many workspaces in two Terraform instances at the same
// time with an empty cache, while some of them already run from it.
func TestProviderCacheIsShared(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		work, mirrorOpt := t.TempDir(), withMirror(t)
		withWorkDir := func(o *terraform.Options) { o.WorkDir = work }
		processes := []*terraform.Terraform{newTerraform(t, opt, mirrorOpt, withWorkDir), newTerraform(t, opt, mirrorOpt, withWorkDir)}
		var all sync.WaitGroup
		for i := range 6 {
			s := newFixtureOf(t, processes[i%2], fmt.Sprint("w", i), timeConfig)
			all.Go(func() {
				for round := range 2 {
					s.spec.InitKey = []string{fmt.Sprint(round)}
					session := s.tf.Open(t.Context(), s.spec)
					if err := session.Init(t.Context()); err != nil {
						t.Error(err)
					} else if plan, err := session.Plan(t.Context()); err != nil {
						t.Error(err)
					} else if plan.Changes.Add != 1 || plan.LockFileID == "" || len(plan.Warnings) != 1 || len(session.GeneratedLockFile()) == 0 {
						t.Errorf("%+v", plan)
					}
					if err := session.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if found := listSharedPackages(t, work); len(found) != 1 {
			t.Errorf("in the cache: %v", found)
		}
	})
}

// TestGeneratedLockFileIsSaved: the lock file that init created is restored when init is
// skipped, even in a new checkout.
func TestGeneratedLockFileIsSaved(t *testing.T) {
	t.Parallel()
	s := newFixture(t, timeConfig, withMirror(t))
	first := s.planAndClose()
	if err := os.Remove(filepath.Join(s.spec.Dir, ".terraform.lock.hcl")); err != nil {
		t.Fatal(err)
	}
	second := s.planAndClose()
	if s.log.countInits() != 1 || first.LockFileID != second.LockFileID {
		t.Errorf("lock file %s, then %s after %d inits", first.LockFileID, second.LockFileID, s.log.countInits())
	}
}

func TestProvidersRemovedFromTheCache(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	s := newFixture(t, timeConfig, withMirror(t), func(o *terraform.Options) { o.WorkDir = work })
	s.planAndClose()
	if err := os.RemoveAll(filepath.Join(work, "providers")); err != nil {
		t.Fatal(err)
	}
	if plan := s.planAndClose(); plan.Changes.Add != 1 || s.log.countInits() != 2 {
		t.Errorf("%+v after %d inits", plan, s.log.countInits())
	}
}

// TestTruncatedPackage: half a package of a killed init is never used.
func TestTruncatedPackage(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		work := t.TempDir()
		mirrorOpt := withMirror(t)
		s := newFixture(t, timeConfig, opt, mirrorOpt, func(o *terraform.Options) { o.WorkDir = work })
		s.planAndClose()
		whole := listSharedPackages(t, work)[0]
		if err := os.Remove(filepath.Dir(whole) + ".h1"); err != nil {
			t.Fatal(err)
		}
		s.spec.InitKey = []string{"again"}
		if plan := s.planAndClose(); plan.Changes.Add != 1 {
			t.Errorf("%+v", plan)
		}
		if _, err := os.Stat(filepath.Dir(whole) + ".h1"); err != nil {
			t.Errorf("the package was not found whole again: %v", err)
		}
	})
}

// TestDamagedProvider: a damaged provider package is installed again, once, and a warning
// gives its path. It covers a known workspace, a new one, and a committed lock file.
func TestDamagedProvider(t *testing.T) {
	testBothProducts(t, func(t *testing.T, opt option) {
		mirrorOpt := withMirror(t)
		for name, damage := range map[string]func(path string) error{
			"cut off":        func(path string) error { return os.Truncate(path, 1000) },
			"other content":  func(path string) error { return os.WriteFile(path, []byte("no program\n"), 0o755) },
			"does not run":   func(path string) error { return os.Chmod(path, 0o600) },
			"a file is gone": os.Remove,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				work := t.TempDir()
				s := newFixture(t, timeConfig, opt, mirrorOpt, func(o *terraform.Options) { o.WorkDir = work })
				session := s.init()
				lockFile := string(session.GeneratedLockFile())
				s.close(session)
				for i, change := range []func(){
					func() {},
					func() { s.spec.InitKey = []string{"another"} },
					// With a committed lock file, init may repair the cache itself.
					func() { s.spec.HasLockFile = true; s.write(".terraform.lock.hcl", lockFile) },
					func() {},
				} {
					program := listSharedPackages(t, work)[0]
					if err := damage(program); err != nil {
						t.Fatal(err)
					}
					change()
					plan := s.planAndClose()
					warned := strings.Contains(strings.Join(plan.Warnings, "\n"), "damaged and is reinstalled: "+filepath.Dir(program))
					if plan.Changes.Add != 1 || !warned && i < 2 {
						t.Errorf("%+v", plan)
					}
				}
			})
		}
	})
}

func TestCommittedLockFile(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		work := t.TempDir()
		s := newFixture(t, timeConfig, opt, withMirror(t), func(o *terraform.Options) { o.WorkDir = work })
		session := s.init()
		lockFile := string(session.GeneratedLockFile())
		s.close(session)

		s.spec.HasLockFile = true
		s.write(".terraform.lock.hcl", lockFile)
		for range 2 {
			plan := s.planAndClose()
			if len(plan.Warnings) > 0 || plan.Changes.Add != 1 || s.log.countInits() != 2 {
				t.Errorf("%+v after %d inits", plan, s.log.countInits())
			}
		}
		if s.read(filepath.Join(s.spec.Dir, ".terraform.lock.hcl")) != lockFile {
			t.Error("the committed lock file was changed")
		}
		// The cache already has the package, so nothing is unpacked.
		if found := listSharedPackages(t, work); len(found) != 1 {
			t.Errorf("in the cache: %v", found)
		}
		for name, lock := range map[string]string{
			"a provider is missing": "# empty\n",
			"another checksum":      lockFile[:strings.Index(lockFile, "h1:")+3] + "AAAA" + lockFile[strings.Index(lockFile, "h1:")+7:],
		} {
			s.write(".terraform.lock.hcl", lock)
			if text := s.mustFail().Error(); !strings.Contains(text, "providers lock") {
				t.Errorf("%s: %s", name, text)
			}
			if s.read(filepath.Join(s.spec.Dir, ".terraform.lock.hcl")) != lock {
				t.Errorf("%s: the committed lock file was changed", name)
			}
		}
	})
}

func TestMissingProvider(t *testing.T) {
	t.Parallel()
	s := newFixture(t, strings.ReplaceAll(timeConfig, "hashicorp/time", "hashicorp/none"), withMirror(t))
	text := s.mustFail().Error()
	for _, want := range []string{"workspace one: init failed", "hashicorp/none", "next: check"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
}

// TestNoProviderIsLeft: a provider's process ends with its session.
func TestNoProviderIsLeft(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	s := newFixture(t, timeConfig, withMirror(t), func(o *terraform.Options) { o.WorkDir = work })
	s.apply()
	out, err := exec.Command("ps", "-eo", "args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), work) {
		t.Errorf("something of %s runs:\n%s", work, out)
	}
}
