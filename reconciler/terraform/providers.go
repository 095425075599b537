package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// installProviders runs init with the provider cache that all workspaces share.
//
// Terraform writes into a cache as it unpacks, over what is there: beside
// another init, or a plan that runs from the cache, that breaks one of them,
// and a killed init leaves half a provider. So each init gets a cache of its
// own with links to the whole packages of the shared one; what it has added
// there is moved into the shared cache afterwards. A lock only saves two
// inits from fetching the same thing.
func (s *Session) installProviders(ctx context.Context, cache initCacheDir) error {
	shared := s.providers()
	locked, known := s.readLockedProviders()
	if !s.spec.NoProviders && (!known || !shared.hasAll(locked)) {
		lock, err := s.lockProviderCache(ctx)
		if err != nil {
			return s.stepError("init", nil, err)
		}
		defer lock.Close()
	}
	staging := providerCache(filepath.Join(s.tempDir, "providers"))
	err := errors.Join(os.RemoveAll(string(staging)), shared.linkInto(staging, s.hashFilter(locked)))
	if s.spec.Untrusted { // it reads what passes have, and adds nothing to it
		err = errors.Join(err, s.tf.providers().linkInto(staging, s.hashFilter(locked)))
	}
	if err != nil {
		return s.stepError("init", nil, err)
	}
	env := map[string]string{"TF_PLUGIN_CACHE_DIR": string(staging)}
	if !s.spec.HasLockFile {
		// There is no committed lock file that this could break.
		env["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = "1"
	}
	if err := s.runInit(ctx, env); err != nil {
		return err
	}
	if err := shared.addStaged(staging, cache.dataDir()); err != nil {
		return s.stepError("init", nil, err)
	}
	return nil
}

// providers is the cache that passes fill.
func (t *Terraform) providers() providerCache {
	return providerCache(filepath.Join(t.opts.WorkDir, "providers"))
}

// providers is the cache that the session adds to.
func (s *Session) providers() providerCache {
	return providerCache(filepath.Join(s.workDir(), "providers"))
}

// providerErrorPhrases are in what Terraform says when a provider's package is not what it
// was, or does not run.
var providerErrorPhrases = []string{
	"plugins are not installed", "checksums", "plugin schemas", "provider schema", "instantiate provider",
	"fork/exec", "exec format error", "remote plugin", "Plugin did not respond", "Failed to install provider",
}

// removeDamagedProviders removes from the cache those of the workspace's providers that
// are not as they were installed, where a failure may come of that, and reports
// whether init would now find others. They are looked at only then, since that
// reads all of them; since is when that began which failed.
func (s *Session) removeDamagedProviders(ctx context.Context, failure error, start time.Time) bool {
	var step *StepError
	if !errors.As(failure, &step) || ctx.Err() != nil {
		return false
	}
	detail := unwrapLines(step.Detail)
	if !slices.ContainsFunc(providerErrorPhrases, func(words string) bool { return strings.Contains(detail, words) }) {
		return false
	}
	locked, _ := os.ReadFile(s.path(lockFileName)) // it may not be there yet
	lock, err := s.lockProviderCache(ctx)
	if err != nil {
		return false // the failure is told
	}
	defer lock.Close()
	changed := false
	for _, pkg := range s.providers().packages() {
		provider := filepath.Dir(filepath.Dir(pkg)) // HOST/NAMESPACE/TYPE
		if _, name, _ := strings.Cut(provider, "/"); strings.Contains(detail, name) || strings.Contains(string(locked), provider) {
			changed = s.removeUnlessIntact(pkg, start) || changed
		}
	}
	return changed
}

func (s *Session) removeUnlessIntact(pkg string, start time.Time) bool {
	cache := s.providers()
	info, err := os.Stat(cache.path(pkg) + ".h1")
	switch {
	case err != nil:
		return false // it came from elsewhere, or is not taken for whole
	case cache.isIntact(pkg):
		return info.ModTime().After(start) // another workspace has mended it
	}
	s.addWarning("a provider was damaged and is installed again: " + cache.path(pkg))
	if err := cache.remove(pkg); err != nil {
		s.tf.opts.Log.Warn("a damaged provider could not be removed: remove it by hand", "folder", cache.path(pkg), "error", err)
		return false
	}
	return true
}

func (s *Session) lockProviderCache(ctx context.Context) (*flock.Flock, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.killCtx, cancel)()
	lock := flock.New(filepath.Join(s.workDir(), "providers.lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, errors.Join(firstContextErr(ctx), fmt.Errorf("lock the provider cache (%s): %w", lock.Path(), err))
	}
	return lock, nil
}

// readLockedProviders are those of the lock file that is committed, or else of the
// one that init last made in this workspace; not known before its first.
func (s *Session) readLockedProviders() (locked []lockedProvider, known bool) {
	path := s.committedLockFile()
	if path == "" {
		newest, ok := s.newestInitCache()
		if !ok {
			return nil, false
		}
		path = newest.lockFile()
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, true
	}
	if err == nil { // one that cannot be read is init's to tell
		locked, err = parseLockFile(content)
	}
	return locked, err == nil
}

// hashFilter tells by its hash whether Terraform will take a package from the
// cache: with a committed lock file, if that lists the hash. One that it does
// not take it would overwrite, so that one is not shown to it.
func (s *Session) hashFilter(locked []lockedProvider) func(hash string) bool {
	return func(hash string) bool {
		return !s.spec.HasLockFile || slices.ContainsFunc(locked, func(p lockedProvider) bool { return slices.Contains(p.hashes, hash) })
	}
}

// hasAll tells whether a lock file's providers are all in the cache, with a
// hash that it lists.
func (c providerCache) hasAll(locked []lockedProvider) bool {
	return !slices.ContainsFunc(locked, func(p lockedProvider) bool {
		return !slices.Contains(p.hashes, c.hash(filepath.Join(filepath.FromSlash(p.source), p.version, platform)))
	})
}
