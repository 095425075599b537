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

	"reconcile/reconciler/terraform"
)

const (
	timeVersion = "0.14.2"
	useTime     = `
terraform {
  required_providers {
    time = { source = "hashicorp/time" }
  }
}
resource "time_static" "x" { rfc3339 = "2026-11-23T00:00:00Z" }
`
)

// mirror makes a mirror of the time provider for both registries, as
// archives: Terraform unpacks those into its cache as it does downloads, while
// it would only link to what lies unpacked. It returns the CLI configuration
// that uses it alone.
func mirror(t *testing.T) option {
	t.Helper()
	platform := runtime.GOOS + "_" + runtime.GOARCH
	dir := t.TempDir()
	unpacked, err := filepath.Glob(filepath.Join(cache(t), "mirror", "registry.terraform.io", "hashicorp", "time", timeVersion, platform, "*"))
	if err != nil || len(unpacked) != 1 {
		t.Fatalf("the time provider %s is needed: run `make tools` (%v)", timeVersion, err)
	}
	for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		home := filepath.Join(dir, registry, "hashicorp", "time")
		if err := os.MkdirAll(home, 0o755); err != nil {
			t.Fatal(err)
		}
		pack(t, unpacked[0], filepath.Join(home, "terraform-provider-time_"+timeVersion+"_"+platform+".zip"))
	}
	config := filepath.Join(dir, "terraformrc")
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return environ("TF_CLI_CONFIG_FILE=" + config)
}

func pack(t *testing.T, file, archive string) {
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
	packed := zip.NewWriter(out)
	header := &zip.FileHeader{Name: filepath.Base(file), Method: zip.Store}
	header.SetMode(0o755)
	entry, err := packed.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(entry, in); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
}

// sharedPackages are the providers in the cache that workspaces share.
func sharedPackages(t *testing.T, work string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(work, "providers", "*", "hashicorp", "time", timeVersion, "*_*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Many workspaces, in two processes' worth of sessions, begin at once on an
// empty cache, while others of them already run from it.
func TestProviderCacheIsShared(t *testing.T) {
	both(t, func(t *testing.T, with option) {
		work, from := t.TempDir(), mirror(t)
		at := func(o *terraform.Options) { o.Work = work }
		processes := []*terraform.Terraform{newTerraform(t, with, from, at), newTerraform(t, with, from, at)}
		var all sync.WaitGroup
		for i := range 6 {
			s := newSiteOf(t, processes[i%2], fmt.Sprint("w", i), useTime)
			all.Go(func() {
				for round := range 2 {
					s.job.InitKey = []string{fmt.Sprint(round)}
					session := s.tf.Open(t.Context(), s.job)
					if err := session.Init(t.Context()); err != nil {
						t.Error(err)
					} else if plan, err := session.Plan(t.Context()); err != nil {
						t.Error(err)
					} else if plan.Changes.Add != 1 || plan.LockFile == "" || len(plan.Warnings) != 1 || len(session.MadeLockFile()) == 0 {
						t.Errorf("%+v", plan)
					}
					if err := session.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if found := sharedPackages(t, work); len(found) != 1 {
			t.Errorf("in the cache: %v", found)
		}
	})
}

// The lock file that init made is there again when init is skipped, though
// the checkout has been laid out anew.
func TestMadeLockFileIsKept(t *testing.T) {
	s := newSite(t, useTime, mirror(t))
	first := s.planned()
	if err := os.Remove(filepath.Join(s.job.Dir, ".terraform.lock.hcl")); err != nil {
		t.Fatal(err)
	}
	again := s.planned()
	if s.log.inits() != 1 || first.LockFile != again.LockFile {
		t.Errorf("lock file %s, then %s after %d inits", first.LockFile, again.LockFile, s.log.inits())
	}
}

func TestProvidersGoneFromTheCache(t *testing.T) {
	work := t.TempDir()
	s := newSite(t, useTime, mirror(t), func(o *terraform.Options) { o.Work = work })
	s.planned()
	if err := os.RemoveAll(filepath.Join(work, "providers")); err != nil {
		t.Fatal(err)
	}
	if plan := s.planned(); plan.Changes.Add != 1 || s.log.inits() != 2 {
		t.Errorf("%+v after %d inits", plan, s.log.inits())
	}
}

// Half a package, of an init that was killed, is never used.
func TestTornPackage(t *testing.T) {
	both(t, func(t *testing.T, with option) {
		work := t.TempDir()
		from := mirror(t)
		s := newSite(t, useTime, with, from, func(o *terraform.Options) { o.Work = work })
		s.planned()
		whole := sharedPackages(t, work)[0]
		if err := os.Remove(filepath.Dir(whole) + ".h1"); err != nil {
			t.Fatal(err)
		}
		s.job.InitKey = []string{"again"}
		if plan := s.planned(); plan.Changes.Add != 1 {
			t.Errorf("%+v", plan)
		}
		if _, err := os.Stat(filepath.Dir(whole) + ".h1"); err != nil {
			t.Errorf("the package was not found whole again: %v", err)
		}
	})
}

// A provider that was damaged in the cache is installed again, once, and its
// folder is named: by a workspace that is known, by one that is new, and where
// the lock file is committed.
func TestDamagedProvider(t *testing.T) {
	both(t, func(t *testing.T, with option) {
		from := mirror(t)
		for name, damage := range map[string]func(path string) error{
			"cut off":        func(path string) error { return os.Truncate(path, 1000) },
			"other content":  func(path string) error { return os.WriteFile(path, []byte("no program\n"), 0o755) },
			"does not run":   func(path string) error { return os.Chmod(path, 0o600) },
			"a file is gone": os.Remove,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				work := t.TempDir()
				s := newSite(t, useTime, with, from, func(o *terraform.Options) { o.Work = work })
				session := s.init()
				made := string(session.MadeLockFile())
				s.close(session)
				for i, how := range []func(){
					func() {},
					func() { s.job.InitKey = []string{"another"} },
					// Where a lock file is committed, init may mend the cache itself.
					func() { s.job.LockFile = true; s.write(".terraform.lock.hcl", made) },
					func() {},
				} {
					program := sharedPackages(t, work)[0]
					if err := damage(program); err != nil {
						t.Fatal(err)
					}
					how()
					plan := s.planned()
					told := strings.Contains(strings.Join(plan.Warnings, "\n"), "damaged and is installed again: "+filepath.Dir(program))
					if plan.Changes.Add != 1 || !told && i < 2 {
						t.Errorf("%+v", plan)
					}
				}
			})
		}
	})
}

func TestCommittedLockFile(t *testing.T) {
	both(t, func(t *testing.T, with option) {
		work := t.TempDir()
		s := newSite(t, useTime, with, mirror(t), func(o *terraform.Options) { o.Work = work })
		session := s.init()
		made := string(session.MadeLockFile())
		s.close(session)

		s.job.LockFile = true
		s.write(".terraform.lock.hcl", made)
		for range 2 {
			plan := s.planned()
			if len(plan.Warnings) > 0 || plan.Changes.Add != 1 || s.log.inits() != 2 {
				t.Errorf("%+v after %d inits", plan, s.log.inits())
			}
		}
		if s.read(filepath.Join(s.job.Dir, ".terraform.lock.hcl")) != made {
			t.Error("the committed lock file was changed")
		}
		// The cache has it already: nothing is unpacked.
		if found := sharedPackages(t, work); len(found) != 1 {
			t.Errorf("in the cache: %v", found)
		}
		for name, lock := range map[string]string{
			"a provider is missing": "# empty\n",
			"another checksum":      made[:strings.Index(made, "h1:")+3] + "AAAA" + made[strings.Index(made, "h1:")+7:],
		} {
			s.write(".terraform.lock.hcl", lock)
			if text := s.fails().Error(); !strings.Contains(text, "providers lock") {
				t.Errorf("%s: %s", name, text)
			}
			if s.read(filepath.Join(s.job.Dir, ".terraform.lock.hcl")) != lock {
				t.Errorf("%s: the committed lock file was changed", name)
			}
		}
	})
}

func TestMissingProvider(t *testing.T) {
	s := newSite(t, strings.ReplaceAll(useTime, "hashicorp/time", "hashicorp/none"), mirror(t))
	text := s.fails().Error()
	for _, want := range []string{"workspace one: init failed", "hashicorp/none", "next: check"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
}

// A provider's process ends with its session too.
func TestNoProviderIsLeft(t *testing.T) {
	work := t.TempDir()
	s := newSite(t, useTime, mirror(t), func(o *terraform.Options) { o.Work = work })
	s.apply()
	out, err := exec.Command("ps", "-eo", "args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), work) {
		t.Errorf("something of %s runs:\n%s", work, out)
	}
}
