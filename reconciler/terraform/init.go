package terraform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// Init makes the workspace ready for Plan. Terraform's own init is run only
// when something that it depends on has changed since it last ran in this
// workspace.
func (s *Session) Init(ctx context.Context) error {
	if err := s.start(); err != nil {
		return s.failed("init", nil, err)
	}
	if err := s.keepErrored(); err != nil {
		return err
	}
	if err := s.generate(); err != nil {
		return s.failed("init", nil, err)
	}
	kept, err := s.kept()
	if err != nil {
		return s.failed("init", nil, err)
	}
	if err := s.link(kept.data()); err != nil {
		return s.failed("init", nil, err)
	}
	s.skipped = kept.done()
	if s.skipped {
		kept.touch()
		err = s.restoreLock(kept)
	} else {
		began := time.Now()
		err = s.initAfresh(ctx, kept)
		if err != nil && s.dropDamaged(ctx, err, began) {
			err = s.initAfresh(ctx, kept)
		}
	}
	if err != nil {
		return err
	}
	if err := s.checkBackend(); err != nil {
		return s.failed("init", nil, err)
	}
	return s.unrecovered(ctx)
}

// kept is a directory of what init made, for one workspace and one key.
type kept string

func (k kept) data() string   { return filepath.Join(string(k), "terraform") } // what .terraform links to
func (k kept) lock() string   { return filepath.Join(string(k), "lock.hcl") }  // made by init, where none is committed
func (k kept) marker() string { return filepath.Join(string(k), "done") }
func (k kept) done() bool     { _, err := os.Stat(k.marker()); return err == nil }

// touch makes it the newest, so that it is the last to be pruned.
func (k kept) touch() { _ = os.Chtimes(string(k), time.Time{}, time.Now()) }

// kept returns the directory for all that init depends on. Workspaces never
// share one: Terraform keeps the backend's settings in it.
func (s *Session) kept() (kept, error) {
	key := []any{s.t.product, s.t.version, runtime.GOOS, runtime.GOARCH, s.job.InitKey, s.job.LocalState, s.job.LockFile}
	for _, path := range []string{s.job.BackendConfig, s.committedLock()} {
		content, err := readIfNamed(path)
		if err != nil {
			return "", err
		}
		key = append(key, content)
	}
	text, err := json.Marshal(key)
	if err != nil {
		return "", err
	}
	return kept(filepath.Join(s.keptParent(), digest(text))), nil
}

func (s *Session) keptParent() string {
	return filepath.Join(s.work(), "init", digest([]byte(s.job.Dir)))
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

func readIfNamed(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	return os.ReadFile(path)
}

func (s *Session) committedLock() string {
	if !s.job.LockFile {
		return ""
	}
	return s.path(lockFileName)
}

// link points .terraform at dir.
func (s *Session) link(dir string) error {
	s.dataDir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	link := s.path(".terraform")
	if now, err := os.Readlink(link); err == nil && now == dir {
		return nil
	} else if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("%s is committed to Git, but belongs to Terraform: remove it from the repository and ignore it", link)
	}
	return errors.Join(removeIfThere(link), os.Symlink(dir, link))
}

// initAfresh runs init into an empty directory, so that Terraform finds no
// earlier backend and has nothing to ask about migrating a state.
func (s *Session) initAfresh(ctx context.Context, kept kept) error {
	s.skipped = false
	if err := errors.Join(os.RemoveAll(string(kept)), os.MkdirAll(kept.data(), 0o700)); err != nil {
		return s.failed("init", nil, err)
	}
	if !s.job.LockFile {
		if err := removeIfThere(s.path(lockFileName)); err != nil {
			return s.failed("init", nil, err)
		}
	}
	restore, err := s.hideDefaultState()
	if err != nil {
		return s.failed("init", nil, err)
	}
	err = s.install(ctx, kept)
	if err := errors.Join(err, restore()); err != nil {
		return err
	}
	if err := s.keepLock(kept); err != nil {
		return s.failed("init", nil, err)
	}
	if err := os.WriteFile(kept.marker(), nil, 0o600); err != nil {
		return s.failed("init", nil, err)
	}
	s.prune()
	return nil
}

// keepInits is how many directories of what init made are kept for a
// workspace: branches take turns, and a revert comes back to the last.
const keepInits = 4

func (s *Session) prune() {
	for i, old := range s.allKept() {
		if i >= keepInits {
			os.RemoveAll(string(old))
		}
	}
}

// allKept lists what init made in this workspace, newest first.
func (s *Session) allKept() []kept {
	entries, _ := os.ReadDir(s.keptParent())
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return modified(b).Compare(modified(a)) })
	var all []kept
	for _, entry := range entries {
		all = append(all, kept(filepath.Join(s.keptParent(), entry.Name())))
	}
	return all
}

// lastKept is the newest that is complete.
func (s *Session) lastKept() (kept, bool) {
	for _, k := range s.allKept() {
		if k.done() {
			return k, true
		}
	}
	return "", false
}

func modified(entry os.DirEntry) time.Time {
	info, err := entry.Info()
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func (s *Session) runInit(ctx context.Context, env map[string]string) error {
	args := []string{"init", "-no-color", "-input=false"}
	if s.job.BackendConfig != "" {
		args = append(args, "-backend-config="+s.job.BackendConfig)
	}
	if s.job.LockFile {
		args = append(args, "-lockfile=readonly")
	}
	return s.do(ctx, command{step: "init", role: s.job.PlanRole, env: env, args: args, installs: true, writes: []string{s.dataDir, env["TF_PLUGIN_CACHE_DIR"]}})
}
