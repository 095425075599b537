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

	"reconcile/internal/files"
	"reconcile/reconciler/terraform/internal/providers"
)

// installProviders runs init with the provider cache that all workspaces share: in a private
// one with links to its complete packages. Terraform unpacks over existing files, which breaks
// what runs from there, and a killed init leaves half a provider.
func (s *Session) installProviders(ctx context.Context, cache initCacheDir) error {
	shared := s.providers()
	locked, known := s.readLockedProviders()
	// The lock only keeps two inits from downloading the same package.
	if !s.spec.NoProviders && (!known || !shared.HasAll(locked)) {
		lock, err := s.lockProviderCache(ctx)
		if err != nil {
			return s.stepError("init", nil, err)
		}
		defer lock.Close()
	}
	staging := providers.Cache(filepath.Join(s.tempDir, "providers"))
	err := errors.Join(os.RemoveAll(string(staging)), shared.LinkInto(staging, s.hashFilter(locked)))
	if s.spec.Untrusted { // reads the passes' cache, adds nothing to it
		err = errors.Join(err, s.tf.providers().LinkInto(staging, s.hashFilter(locked)))
	}
	if err != nil {
		return s.stepError("init", nil, err)
	}
	env := map[string]string{"TF_PLUGIN_CACHE_DIR": string(staging)}
	if !s.spec.HasLockFile {
		// No lock file is committed, so this cannot break one.
		env["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = "1"
	}
	if err := s.runInit(ctx, env); err != nil {
		return err
	}
	if err := shared.AddStaged(staging, cache.dataDir()); err != nil {
		return s.stepError("init", nil, err)
	}
	return nil
}

// providers returns the cache that passes fill.
func (t *Terraform) providers() providers.Cache {
	return providers.Cache(filepath.Join(t.opts.WorkDir, "providers"))
}

// providers returns the cache that this session adds to.
func (s *Session) providers() providers.Cache {
	return providers.Cache(filepath.Join(s.workDir(), "providers"))
}

// providerErrorPhrases occur in Terraform's errors about a provider package that
// changed or does not run.
var providerErrorPhrases = []string{
	"plugins are not installed", "checksums", "plugin schemas", "provider schema", "instantiate provider",
	"fork/exec", "exec format error", "remote plugin", "Plugin did not respond", "Failed to install provider",
}

// removeDamagedProviders removes damaged packages of the workspace's providers from the cache, if
// they may have caused the failure. It reports whether init would now find other packages. It reads
// whole packages, so it runs only after a failure; start is when the failed command began.
func (s *Session) removeDamagedProviders(ctx context.Context, failure error, start time.Time) bool {
	var step *StepError
	if !errors.As(failure, &step) || ctx.Err() != nil {
		return false
	}
	detail := unwrapLines(step.Detail)
	if !slices.ContainsFunc(providerErrorPhrases, func(words string) bool { return strings.Contains(detail, words) }) {
		return false
	}
	locked, _ := s.readLockFile() // the file may not exist yet
	lock, err := s.lockProviderCache(ctx)
	if err != nil {
		return false // the caller reports the failure itself
	}
	defer lock.Close()
	changed := false
	for _, pkg := range s.providers().Packages() {
		provider := filepath.Dir(filepath.Dir(pkg)) // HOST/NAMESPACE/TYPE
		if _, name, _ := strings.Cut(provider, "/"); strings.Contains(detail, name) || strings.Contains(string(locked), provider) {
			changed = s.removeUnlessIntact(pkg, start) || changed
		}
	}
	return changed
}

func (s *Session) removeUnlessIntact(pkg string, start time.Time) bool {
	cache := s.providers()
	info, err := os.Stat(cache.Path(pkg) + ".h1")
	switch {
	case err != nil:
		return false // from a mirror, or not marked as complete
	case cache.IsIntact(pkg):
		return info.ModTime().After(start) // another workspace reinstalled it
	}
	s.addWarning("a provider package was damaged and is reinstalled: " + cache.Path(pkg))
	if err := cache.Remove(pkg); err != nil {
		s.tf.opts.Log.Warn("could not remove a damaged provider package; remove it by hand", "dir", cache.Path(pkg), "error", err)
		return false
	}
	return true
}

func (s *Session) lockProviderCache(ctx context.Context) (*flock.Flock, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.killCtx, cancel)()
	lock := files.NewLock(filepath.Join(s.workDir(), "providers.lock"))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, errors.Join(firstContextErr(ctx), fmt.Errorf("lock the provider cache (%s): %w", lock.Path(), err))
	}
	return lock, nil
}

// readLockedProviders returns the providers of the committed lock file, or else of the
// one that init last created in this workspace. known is false before the first init.
func (s *Session) readLockedProviders() (locked []providers.LockedProvider, known bool) {
	path := s.committedLockFile()
	if path == "" {
		newest, ok := s.newestInitCache()
		if !ok {
			return nil, false
		}
		path = newest.lockFile()
	}
	content, err := files.ReadRegular(path, files.MaxConfig)
	if errors.Is(err, os.ErrNotExist) {
		return nil, true
	}
	if err == nil { // init reports a file that cannot be parsed
		locked, err = providers.ParseLockFile(content)
	}
	return locked, err == nil
}

// hashFilter returns a function that reports whether Terraform accepts a package with
// that hash: any, or those in the committed lock file. Terraform would overwrite a
// package that it does not accept, so it must not see one.
func (s *Session) hashFilter(locked []providers.LockedProvider) func(hash string) bool {
	return func(hash string) bool {
		return !s.spec.HasLockFile || slices.ContainsFunc(locked, func(p providers.LockedProvider) bool { return slices.Contains(p.Hashes, hash) })
	}
}
