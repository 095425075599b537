package terraform_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"reconcile/internal/testtier"
	"reconcile/reconciler/terraform"
	"reconcile/state/snapshot/s3test"
)

// newS3Fixture returns a workspace whose state is in S3, with a lock file.
func newS3Fixture(t *testing.T, server *s3test.Server, main string, opt option) *fixture {
	t.Helper()
	s := newFixture(t, main, opt, withEnv(server.Env()...))
	s.spec.LocalState = ""
	s.write("backend.tf", server.BackendConfig("states", "one/terraform.tfstate"))
	return s
}

func startS3(t *testing.T) *s3test.Server {
	t.Helper()
	server := s3test.Start(t)
	server.CreateBucket(t, "states")
	return server
}

func TestS3Backend(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newS3Fixture(t, startS3(t), resourceConfig, opt)
		first, sum := s.apply()
		second, secondSum := s.apply()
		if first.Changes.Add != 1 || !second.Empty || sum != secondSum || s.log.countInits() != 1 {
			t.Errorf("first %+v, again %+v, %d inits", first, second, s.log.countInits())
		}
	})
}

func TestBackendConfigIsPartOfTheKey(t *testing.T) {
	t.Parallel()
	server := startS3(t)
	s := newS3Fixture(t, server, resourceConfig, withBinary(testtier.Tool(t, "terraform")))
	s.apply()
	s.spec.BackendConfig = filepath.Join(s.spec.Root, "staging.s3.tfbackend")
	if err := os.WriteFile(s.spec.BackendConfig, []byte(`key = "staging/terraform.tfstate"`), 0o600); err != nil {
		t.Fatal(err)
	}
	if plan := s.planAndClose(); plan.Changes.Add != 1 || plan.StateExists {
		t.Errorf("with another key in the backend's settings, planned %+v", plan)
	}
	s.spec.BackendConfig = ""
	if plan := s.planAndClose(); !plan.Empty || s.log.countInits() != 2 {
		t.Errorf("back at the first key, planned %+v after %d inits", plan, s.log.countInits())
	}
}

// checkLockedError checks what is parsed from Terraform's lock error.
func checkLockedError(t *testing.T, err error, start time.Time) *terraform.LockedError {
	t.Helper()
	var lock *terraform.LockedError
	if !errors.As(err, &lock) {
		t.Fatalf("error is %v, not a LockedError", err)
	}
	me, uerr := user.Current()
	host, herr := os.Hostname()
	if uerr != nil || herr != nil {
		t.Fatal(uerr, herr)
	}
	if len(lock.ID) != 36 || lock.Owner != me.Username+"@"+host || lock.Operation != "OperationTypeApply" ||
		lock.Path == "" || lock.Version == "" || lock.Created.Before(start) || lock.Created.After(time.Now()) {
		t.Errorf("read of the lock: %+v", lock)
	}
	if !strings.Contains(err.Error(), "reconcile unlock one --state-lock "+lock.ID) {
		t.Errorf("the hint is missing: %v", err)
	}
	return lock
}

// TestS3Lock: a killed apply leaves its lock in the bucket.
func TestS3Lock(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		start := time.Now().Add(-time.Second)
		p := newPIDPipe(t)
		s := newS3Fixture(t, startS3(t), stubbornConfig(p), opt)
		killCtx, kill := context.WithCancel(t.Context())
		session, _, apply := startApply(t.Context(), killCtx, s, p)
		kill()
		_ = apply.Wait() // it was killed
		s.close(session)

		next := s.init()
		_, err := next.Plan(t.Context())
		lock := checkLockedError(t, err, start)
		if err := next.ForceUnlock(t.Context(), lock.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := next.Plan(t.Context()); err != nil {
			t.Errorf("the lock was freed: %v", err)
		}
	})
}

// TestS3LockThatCannotBeFreed: an apply whose lock cannot be released has succeeded, and the
// error contains S3's message.
func TestS3LockThatCannotBeFreed(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		server := startS3(t)
		s := newS3Fixture(t, server, resourceConfig, opt)
		session := s.init()
		plan, err := session.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		server.Inject(denyDelete)
		err = session.Apply(t.Context(), plan)
		var unlock *terraform.UnlockError
		var locked *terraform.LockedError
		if !errors.As(err, &unlock) || len(unlock.ID) != 36 || errors.As(err, &locked) || !strings.Contains(err.Error(), "AccessDenied") {
			t.Fatalf("the apply says: %v", err)
		}
		if _, err := session.Plan(t.Context()); !errors.As(err, &locked) || locked.ID != unlock.ID {
			t.Errorf("with the lock still there, the plan says: %v", err)
		}
		if err := session.ForceUnlock(t.Context(), unlock.ID); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("freeing it: %v", err)
		}
		server.Inject(nil)
		if err := session.ForceUnlock(t.Context(), unlock.ID); err != nil {
			t.Fatal(err)
		}
		server.Inject(denyDelete)
		if _, err := session.Plan(t.Context()); !errors.As(err, &unlock) {
			t.Errorf("a plan that cannot free its lock: %v", err)
		}
	})
}

func denyDelete(r *http.Request) int {
	if r.Method == http.MethodDelete || r.Method == http.MethodPost && r.URL.Query().Has("delete") {
		return http.StatusForbidden
	}
	return s3test.Serve
}

// TestLocalLock: a lock of a local state is held while its process lives.
func TestLocalLock(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		start := time.Now().Add(-time.Second)
		p := newPIDPipe(t)
		holder := newFixture(t, stubbornConfig(p), opt)
		killCtx, kill := context.WithCancel(t.Context())
		_, _, apply := startApply(t.Context(), killCtx, holder, p)
		other := newFixture(t, resourceConfig, opt)
		other.spec.LocalState = holder.state
		session := other.init()
		_, err := session.Plan(t.Context())
		checkLockedError(t, err, start)
		kill()
		_ = apply.Wait() // it was killed
		if _, err := session.Plan(t.Context()); err != nil {
			t.Errorf("the lock outlived its holder: %v", err)
		}
	})
}

func TestErroredState(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		server, work := startS3(t), t.TempDir()
		s := newS3Fixture(t, server, resourceConfig, func(o *terraform.Options) { opt(o); o.WorkDir = work })
		session, plan := s.plan()
		server.Inject(func(r *http.Request) int {
			if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, ".tfstate") {
				return http.StatusForbidden
			}
			return s3test.Serve
		})
		err := session.Apply(t.Context(), plan)
		s.close(session)
		server.Inject(nil)
		file := checkErroredState(s, err, work)

		// No plan is made until the state is pushed, even if the record has lost the hold.
		if second := checkErroredState(s, s.mustFail(), work); second != file {
			t.Errorf("first %s was named, then %s", file, second)
		}
		push := exec.Command(s.tf.Binary(), "state", "push", file)
		push.Dir, push.Env = s.spec.Dir, append(basicEnv(), server.Env()...)
		if out, err := push.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if plan := s.planAndClose(); !plan.Empty {
			t.Errorf("brought in, but planned %+v", plan)
		}
	})
}

func checkErroredState(s *fixture, err error, work string) (file string) {
	s.Helper()
	var errored *terraform.ErroredStateError
	if !errors.As(err, &errored) {
		s.Fatalf("error is %v, not an ErroredStateError", err)
	}
	if !strings.HasPrefix(errored.File, work) || !strings.Contains(err.Error(), "state push "+errored.File) {
		s.Errorf("the hint is missing: %v", err)
	}
	info, serr := os.Stat(errored.File)
	if serr != nil || info.Mode().Perm() != 0o600 {
		s.Errorf("the state is not kept safe: %v, %v", info, serr)
	}
	return errored.File
}

func TestSaveErroredState(t *testing.T) {
	t.Parallel()
	work, dir := t.TempDir(), t.TempDir()
	if _, file, err := terraform.SaveErroredState(work, "a/b", "a/b", dir); file != "" || err != nil {
		t.Errorf("nothing there, but %q, %v", file, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "errored.tfstate"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, file, err := terraform.SaveErroredState(work, "a/b", "a/b", dir)
	info, serr := os.Stat(file)
	if err != nil || serr != nil || info.Mode().Perm() != 0o600 || filepath.Dir(file) != filepath.Join(work, "errored") {
		t.Errorf("kept at %s: %v, %v", file, err, serr)
	}
	// With several workspaces in one directory, it belongs to the one for which Terraform last ran.
	cache := t.TempDir()
	for _, err := range []error{
		os.WriteFile(filepath.Join(cache, "workspace"), []byte("app-prod"), 0o600),
		os.Symlink(filepath.Join(cache, "terraform"), filepath.Join(dir, ".terraform")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, as, want string }{
		{"app-stg", "app-stg", "app-prod"}, {"app-prod", "app-prod", "app-prod"}, {"app-prod", "renamed", "renamed"}, {"app-stg", "renamed", "app-prod"},
	} {
		if err := os.WriteFile(filepath.Join(dir, "errored.tfstate"), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
		owner, file, err := terraform.SaveErroredState(work, c.name, c.as, dir)
		if err != nil || owner != c.want || !strings.HasPrefix(filepath.Base(file), c.want+"@") {
			t.Errorf("%s as %s: it is of %s at %s: %v; want %s", c.name, c.as, owner, file, err, c.want)
		}
	}
	// Names of any length: no file system has the first directory, and the file of a name is
	// shorter than the name.
	if _, file, err := terraform.SaveErroredState(work, "a", "a", filepath.Join(dir, strings.Repeat("n", 256))); file != "" || err != nil {
		t.Errorf("a directory that cannot be: %q, %v", file, err)
	}
	long := strings.Repeat("環境", 30)
	if err := errors.Join(os.Remove(filepath.Join(dir, ".terraform")), os.WriteFile(filepath.Join(dir, "errored.tfstate"), []byte("{}"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if owner, file, err := terraform.SaveErroredState(work, long, long, dir); err != nil || owner != long || file == "" {
		t.Errorf("a name of 60 characters: of %s at %q: %v", owner, file, err)
	}
	// What is no file, Terraform has not written.
	pipe := filepath.Join(dir, "errored.tfstate")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, file, err := terraform.SaveErroredState(work, "a", "a", dir); file != "" || err != nil {
		t.Errorf("a pipe is kept at %q: %v", file, err)
	}
	link := fs.FileInfoToDirEntry(linkInfo{})
	for path, want := range map[string]fs.DirEntry{
		"env/a/.terraform": link, "env/a/errored.tfstate": fs.FileInfoToDirEntry(info), "errored.tfstate": fs.FileInfoToDirEntry(info), "env/a/main.tf": nil, "env/.terraform.lock.hcl": nil,
	} {
		for _, entry := range []fs.DirEntry{link, fs.FileInfoToDirEntry(info)} {
			if terraform.IsPreserved(path, entry) != (want != nil && want.Type() == entry.Type()) {
				t.Errorf("%s with the type %s", path, entry.Type())
			}
		}
	}
}

func TestErrorsOfTerraform(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		main string
		want []string
	}{
		"syntax":          {"resource {", []string{"workspace one: init failed: Error: ", "main.tf line 1"}},
		"missing value":   {`variable "v" {}`, []string{"workspace one: plan failed: Error: No value for required variable", "next: give the variable a value"}},
		"missing module":  {"module \"m\" {\n  source = \"./none\"\n}", []string{"init failed", "none"}},
		"missing backend": {"terraform {\n  backend \"nowhere\" {}\n}", []string{"init failed: Error: ", "nowhere"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFixture(t, c.main)
			if name == "missing backend" {
				s.spec.LocalState = ""
			}
			text := s.mustFail().Error()
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in: %s", want, text)
				}
			}
			if strings.ContainsAny(text, "│╷╵\x1b") {
				t.Errorf("drawn or coloured: %q", text)
			}
		})
	}
}

// linkInfo describes a symbolic link.
type linkInfo struct{ fs.FileInfo }

func (linkInfo) Mode() fs.FileMode { return fs.ModeSymlink | 0o777 }
