package terraform

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"reconcile/internal/files"
	"reconcile/reconciler/terraform/internal/providers"
)

// readLockFile reads the lock file in use. Code that nobody has approved could have replaced
// it by a link to a file of this machine, or by something that has no end.
func (s *Session) readLockFile() ([]byte, error) {
	if !s.spec.Untrusted {
		return files.ReadRegular(s.path(providers.LockFile), files.MaxConfig)
	}
	root, err := os.OpenRoot(s.spec.Root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	file, err := root.OpenFile(filepath.Join(s.relDir(), providers.LockFile), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return files.ReadRegularFile(file, files.MaxConfig)
}

// saveLockFile stores the lock file that init created because none is committed.
func (s *Session) saveLockFile(cache initCacheDir) error {
	if s.spec.HasLockFile {
		return nil
	}
	content, err := s.readLockFile()
	if errors.Is(err, os.ErrNotExist) {
		return nil // no providers
	}
	if err != nil {
		return err
	}
	s.setGeneratedLockFile(content)
	return os.WriteFile(cache.lockFile(), content, 0o600)
}

// restoreLockFile restores that lock file when init is skipped.
func (s *Session) restoreLockFile(cache initCacheDir) error {
	if s.spec.HasLockFile {
		return nil
	}
	content, err := files.ReadRegular(cache.lockFile(), files.MaxConfig)
	if errors.Is(err, os.ErrNotExist) {
		return files.RemoveIfExists(s.path(providers.LockFile))
	}
	if err == nil {
		s.setGeneratedLockFile(content)
		err = os.WriteFile(s.path(providers.LockFile), content, 0o600)
	}
	if err != nil {
		return s.stepError("init", nil, err)
	}
	return nil
}

// GeneratedLockFile returns the dependency lock file that init created because none is
// committed; the run stores it. It returns nil if one is committed or none is needed.
func (s *Session) GeneratedLockFile() []byte { return s.generatedLockFile }

func (s *Session) setGeneratedLockFile(content []byte) {
	s.generatedLockFile = content
	s.addWarning("no " + providers.LockFile + " is committed for " + s.spec.Name +
		", so the newest matching providers were used: commit one (" + s.tf.product + " providers lock)")
}

// lockFileID returns the hash of the lock file in use.
func (s *Session) lockFileID() (string, error) {
	text, err := s.readLockFile()
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return "sha256:" + shortHash(text), err
}

// checkProviders returns an error if a provider is not allowed to run. Init has
// installed the providers of the configuration and of the state, but has run none.
func (s *Session) checkProviders() error {
	if s.spec.AllowedProviders == nil {
		return nil
	}
	text, err := s.readLockFile()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return s.stepError("plan", nil, err)
	}
	locked, err := providers.ParseLockFile(text)
	if err != nil {
		return s.stepError("plan", nil, err)
	}
	var names []string
	for _, p := range locked {
		names = append(names, p.Source)
	}
	extra, err := s.installedProviders()
	if err != nil {
		return s.stepError("plan", nil, err)
	}
	for _, name := range append(names, extra...) {
		if host, rest, _ := strings.Cut(name, "/"); host == defaultRegistry[s.tf.product] {
			name = rest
		}
		if !slices.Contains(s.spec.AllowedProviders, name) {
			return s.stepError("plan", nil, fmt.Errorf("provider %s is not allowed to run; allowed: %s", name, strings.Join(s.spec.AllowedProviders, ", ")))
		}
	}
	return nil
}

// installedProviders lists the providers in the directory from which Terraform runs
// them, as HOST/NAMESPACE/TYPE. Each path component may be a symlink.
func (s *Session) installedProviders() (names []string, err error) {
	root := s.path(filepath.Join(".terraform", "providers"))
	level := []string{""}
	for range 3 {
		var next []string
		for _, dir := range level {
			entries, err := os.ReadDir(filepath.Join(root, dir))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, err
			}
			for _, e := range entries {
				next = append(next, path.Join(dir, e.Name()))
			}
		}
		level = next
	}
	return level, nil
}

// defaultRegistry is the host that each product omits from a provider's address.
var defaultRegistry = map[string]string{"terraform": "registry.terraform.io", "tofu": "registry.opentofu.org"}
