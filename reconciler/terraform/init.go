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

	"reconcile/internal/files"
	"reconcile/reconciler/terraform/internal/providers"
)

// Init prepares the workspace for Plan. It runs terraform init only if something that
// init depends on has changed since init last ran in this workspace.
func (s *Session) Init(ctx context.Context) error {
	if err := s.start(); err != nil {
		return s.stepError("init", nil, err)
	}
	if err := s.saveErroredState(); err != nil {
		return err
	}
	cache, err := s.currentInitCache()
	if err != nil {
		return s.stepError("init", nil, err)
	}
	if err := s.writeOverrides(cache); err != nil {
		return s.stepError("init", nil, err)
	}
	if err := s.linkDataDir(cache.dataDir()); err != nil {
		return s.stepError("init", nil, err)
	}
	s.initSkipped = cache.isComplete()
	if s.initSkipped {
		cache.touch()
		err = s.restoreLockFile(cache)
		if err == nil {
			err = s.selectCLIWorkspace(cache)
		}
	} else {
		start := time.Now()
		err = s.initFresh(ctx, cache)
		if err != nil && s.removeDamagedProviders(ctx, err, start) {
			err = s.initFresh(ctx, cache)
		}
	}
	if err != nil {
		return err
	}
	err = s.checkBackend(cache)
	if err != nil && s.initSkipped { // what an earlier init stored may be damaged
		if err = s.initFresh(ctx, cache); err != nil {
			return err
		}
		err = s.checkBackend(cache)
	}
	if err != nil {
		// What init has stored is wrong: the next run begins without it.
		return s.stepError("init", nil, errors.Join(err, files.RemoveIfExists(cache.marker())))
	}
	return s.checkRecovered(ctx)
}

// initCacheDir is a directory with the results of init for one workspace and one key.
type initCacheDir string

func (d initCacheDir) dataDir() string   { return filepath.Join(string(d), "terraform") } // target of .terraform
func (d initCacheDir) lockFile() string  { return filepath.Join(string(d), "lock.hcl") }  // created by init if none is committed
func (d initCacheDir) statesDir() string { return filepath.Join(string(d), "states") }    // of local states of CLI workspaces
func (d initCacheDir) owner() string     { return filepath.Join(string(d), ownerFile) }
func (d initCacheDir) marker() string    { return filepath.Join(string(d), "done") }
func (d initCacheDir) isComplete() bool  { _, err := os.Stat(d.marker()); return err == nil }

// touch makes the directory the newest, so that it is pruned last.
func (d initCacheDir) touch() { _ = os.Chtimes(string(d), time.Time{}, time.Now()) }

// currentInitCache returns the directory for the current inputs of init. Workspaces
// never share one, since Terraform stores the backend's settings in it.
func (s *Session) currentInitCache() (initCacheDir, error) {
	key := []any{s.tf.product, s.tf.version, runtime.GOOS, runtime.GOARCH, s.spec.InitKey, s.spec.LocalState, s.spec.HasLockFile}
	for _, path := range []string{s.spec.BackendConfig, s.committedLockFile()} {
		content, err := readOptional(path)
		if err != nil {
			return "", err
		}
		key = append(key, content)
	}
	if !s.isDefaultCLIWorkspace() {
		key = append(key, s.cliWorkspace())
	}
	text, err := json.Marshal(key)
	if err != nil {
		return "", err
	}
	return initCacheDir(filepath.Join(s.initCacheRoot(), shortHash(text))), nil
}

func (s *Session) initCacheRoot() string {
	key := s.spec.Dir
	if !s.isDefaultCLIWorkspace() {
		key += "\x00" + s.cliWorkspace()
	}
	return filepath.Join(s.workDir(), "init", shortHash([]byte(key)))
}

func shortHash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

func readOptional(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	return files.ReadRegular(path, files.MaxConfig)
}

func (s *Session) committedLockFile() string {
	if !s.spec.HasLockFile {
		return ""
	}
	return s.path(providers.LockFile)
}

func (s *Session) linkDataDir(dir string) error {
	s.dataDir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	link := s.path(".terraform")
	if target, err := os.Readlink(link); err == nil && target == dir {
		return nil
	} else if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("%s is committed to Git, but it is Terraform's own directory: remove it from the repository and add it to .gitignore", link)
	}
	return errors.Join(files.RemoveIfExists(link), os.Symlink(dir, link))
}

// initFresh runs init in an empty directory. Terraform then finds no earlier backend
// and does not ask about migrating a state.
func (s *Session) initFresh(ctx context.Context, cache initCacheDir) error {
	s.initSkipped = false
	if err := errors.Join(os.RemoveAll(string(cache)), os.MkdirAll(cache.dataDir(), 0o700)); err != nil {
		return s.stepError("init", nil, err)
	}
	if !s.spec.HasLockFile {
		if err := files.RemoveIfExists(s.path(providers.LockFile)); err != nil {
			return s.stepError("init", nil, err)
		}
	}
	restore, err := s.hideDefaultStates()
	if err != nil {
		return s.stepError("init", nil, err)
	}
	err = s.installProviders(ctx, cache)
	if err := errors.Join(err, restore()); err != nil {
		return err
	}
	if err := s.saveLockFile(cache); err != nil {
		return s.stepError("init", nil, err)
	}
	if err := os.WriteFile(cache.marker(), nil, 0o600); err != nil {
		return s.stepError("init", nil, err)
	}
	s.pruneInitCaches()
	if err := s.selectCLIWorkspace(cache); err != nil {
		return s.stepError("init", nil, err)
	}
	return nil
}

// maxInitCaches is the number of init results stored for each workspace. Branches
// alternate, and a revert returns to the previous one.
const maxInitCaches = 4

func (s *Session) pruneInitCaches() {
	for i, old := range s.initCaches() {
		if i >= maxInitCaches {
			os.RemoveAll(string(old))
		}
	}
}

// initCaches returns the init results of this workspace, newest first.
func (s *Session) initCaches() []initCacheDir {
	entries, _ := os.ReadDir(s.initCacheRoot())
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return modTime(b).Compare(modTime(a)) })
	var all []initCacheDir
	for _, entry := range entries {
		all = append(all, initCacheDir(filepath.Join(s.initCacheRoot(), entry.Name())))
	}
	return all
}

// newestInitCache returns the newest complete one.
func (s *Session) newestInitCache() (initCacheDir, bool) {
	for _, k := range s.initCaches() {
		if k.isComplete() {
			return k, true
		}
	}
	return "", false
}

func modTime(entry os.DirEntry) time.Time {
	info, err := entry.Info()
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func (s *Session) runInit(ctx context.Context, env map[string]string) error {
	args := []string{"init", "-no-color", "-input=false"}
	if s.spec.BackendConfig != "" {
		args = append(args, "-backend-config="+s.spec.BackendConfig)
	}
	if s.spec.HasLockFile {
		args = append(args, "-lockfile=readonly")
	}
	return s.runCommand(ctx, command{step: initStep, role: s.spec.PlanRole, env: env, args: args, installs: true, writePaths: []string{s.dataDir, env["TF_PLUGIN_CACHE_DIR"]}})
}
