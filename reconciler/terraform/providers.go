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

// install runs init with the provider cache that all workspaces share.
//
// Terraform writes into a cache as it unpacks, over what is there: beside
// another init, or a plan that runs from the cache, that breaks one of them,
// and a killed init leaves half a provider. So each init gets a cache of its
// own with links to the whole packages of the shared one; what it has added
// there is moved into the shared cache afterwards. A lock only saves two
// inits from fetching the same thing.
func (s *Session) install(ctx context.Context, kept kept) error {
	shared := s.providers()
	locked, known := s.lockedProviders()
	if !s.job.NoProviders && (!known || !shared.holds(locked)) {
		lock, err := s.lockProviders(ctx)
		if err != nil {
			return s.failed("init", nil, err)
		}
		defer lock.Close()
	}
	staging := providerCache(filepath.Join(s.temp, "providers"))
	err := errors.Join(os.RemoveAll(string(staging)), shared.linkInto(staging, s.usable(locked)))
	if s.job.Untrusted { // it reads what passes have, and adds nothing to it
		err = errors.Join(err, s.t.providers().linkInto(staging, s.usable(locked)))
	}
	if err != nil {
		return s.failed("init", nil, err)
	}
	env := map[string]string{"TF_PLUGIN_CACHE_DIR": string(staging)}
	if !s.job.LockFile {
		// There is no committed lock file that this could break.
		env["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = "1"
	}
	if err := s.runInit(ctx, env); err != nil {
		return err
	}
	if err := shared.adopt(staging, kept.data()); err != nil {
		return s.failed("init", nil, err)
	}
	return nil
}

// providers is the cache that passes fill.
func (t *Terraform) providers() providerCache {
	return providerCache(filepath.Join(t.opts.Work, "providers"))
}

// providers is the cache that the session adds to.
func (s *Session) providers() providerCache {
	return providerCache(filepath.Join(s.work(), "providers"))
}

// suspect are in what Terraform says when a provider's package is not what it
// was, or does not run.
var suspect = []string{
	"plugins are not installed", "checksums", "plugin schemas", "provider schema", "instantiate provider",
	"fork/exec", "exec format error", "remote plugin", "Plugin did not respond", "Failed to install provider",
}

// dropDamaged removes from the cache those of the workspace's providers that
// are not as they were installed, where a failure may come of that, and reports
// whether init would now find others. They are looked at only then, since that
// reads all of them; since is when that began which failed.
func (s *Session) dropDamaged(ctx context.Context, failure error, since time.Time) bool {
	var step *StepError
	if !errors.As(failure, &step) || ctx.Err() != nil {
		return false
	}
	said := oneLine(step.Detail)
	if !slices.ContainsFunc(suspect, func(words string) bool { return strings.Contains(said, words) }) {
		return false
	}
	locked, _ := os.ReadFile(s.path(lockFileName)) // it may not be there yet
	lock, err := s.lockProviders(ctx)
	if err != nil {
		return false // the failure is told
	}
	defer lock.Close()
	others := false
	for _, pkg := range s.providers().packages() {
		provider := filepath.Dir(filepath.Dir(pkg)) // HOST/NAMESPACE/TYPE
		if _, name, _ := strings.Cut(provider, "/"); strings.Contains(said, name) || strings.Contains(string(locked), provider) {
			others = s.dropUnlessWhole(pkg, since) || others
		}
	}
	return others
}

func (s *Session) dropUnlessWhole(pkg string, since time.Time) bool {
	cache := s.providers()
	info, err := os.Stat(cache.path(pkg) + ".h1")
	switch {
	case err != nil:
		return false // it came from elsewhere, or is not taken for whole
	case cache.whole(pkg):
		return info.ModTime().After(since) // another workspace has mended it
	}
	s.warn("a provider was damaged and is installed again: " + cache.path(pkg))
	if err := cache.drop(pkg); err != nil {
		s.t.opts.Log.Warn("a damaged provider could not be removed: remove it by hand", "folder", cache.path(pkg), "error", err)
		return false
	}
	return true
}

func (s *Session) lockProviders(ctx context.Context) (*flock.Flock, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.hard, cancel)()
	lock := flock.New(filepath.Join(s.work(), "providers.lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, errors.Join(firstDone(ctx), fmt.Errorf("lock the provider cache (%s): %w", lock.Path(), err))
	}
	return lock, nil
}

// lockedProviders are those of the lock file that is committed, or else of the
// one that init last made in this workspace; not known before its first.
func (s *Session) lockedProviders() (locked []lockedProvider, known bool) {
	path := s.committedLock()
	if path == "" {
		last, ok := s.lastKept()
		if !ok {
			return nil, false
		}
		path = last.lock()
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, true
	}
	if err == nil { // one that cannot be read is init's to tell
		locked, err = readLockFile(content)
	}
	return locked, err == nil
}

// usable tells by its hash whether Terraform will take a package from the
// cache: with a committed lock file, if that lists the hash. One that it does
// not take it would overwrite, so that one is not shown to it.
func (s *Session) usable(locked []lockedProvider) func(hash string) bool {
	return func(hash string) bool {
		return !s.job.LockFile || slices.ContainsFunc(locked, func(p lockedProvider) bool { return slices.Contains(p.hashes, hash) })
	}
}

// holds tells whether a lock file's providers are all in the cache, with a
// hash that it lists.
func (c providerCache) holds(locked []lockedProvider) bool {
	return !slices.ContainsFunc(locked, func(p lockedProvider) bool {
		return !slices.Contains(p.hashes, c.hash(filepath.Join(filepath.FromSlash(p.source), p.version, platform)))
	})
}
