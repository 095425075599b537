package terraform

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/mod/sumdb/dirhash"

	"reconcile/internal/files"
)

const platform = runtime.GOOS + "_" + runtime.GOARCH

// providerCache is a directory of unpacked provider packages, each at
// HOST/NAMESPACE/TYPE/VERSION/PLATFORM. In the shared cache a complete package has a
// hash file (.h1) next to it and is never written again.
type providerCache string

func (c providerCache) path(pkg string) string { return filepath.Join(string(c), pkg) }

// packages returns the relative paths of the packages in the cache.
func (c providerCache) packages() []string {
	found, _ := fs.Glob(os.DirFS(string(c)), "*/*/*/*/"+platform)
	return found
}

// hash returns the hash of a complete package in the form of lock files, or "".
func (c providerCache) hash(pkg string) string {
	text, _ := os.ReadFile(c.path(pkg) + ".h1")
	return string(text)
}

// isIntact reports whether a package is unchanged since it was added. It reads the
// whole package.
func (c providerCache) isIntact(pkg string) bool {
	hash, err := dirhash.HashDir(c.path(pkg), "", dirhash.Hash1)
	if err != nil || hash != c.hash(pkg) {
		return false
	}
	programs, _ := filepath.Glob(filepath.Join(c.path(pkg), "terraform-provider-*"))
	return !slices.ContainsFunc(programs, func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || info.Mode()&0o100 == 0
	})
}

// remove removes a package. It removes the hash first, so that a partly removed package
// does not count as complete.
func (c providerCache) remove(pkg string) error {
	return errors.Join(files.RemoveIfExists(c.path(pkg)+".h1"), os.RemoveAll(c.path(pkg)))
}

// linkInto links the complete packages with usable hashes into another cache.
func (c providerCache) linkInto(other providerCache, isUsable func(hash string) bool) error {
	if err := os.MkdirAll(string(other), 0o700); err != nil {
		return err
	}
	for _, pkg := range c.packages() {
		hash := c.hash(pkg)
		if hash == "" || !isUsable(hash) {
			continue
		}
		if err := replaceWithLink(other.path(pkg), c.path(pkg)); err != nil {
			return err
		}
	}
	return nil
}

// addStaged moves the packages that init added to staging into the cache. It points
// init's links in data (a .terraform directory) to the cache.
func (c providerCache) addStaged(staging providerCache, data string) error {
	dataCache := providerCache(filepath.Join(data, "providers"))
	for _, pkg := range dataCache.packages() {
		if target, err := os.Readlink(dataCache.path(pkg)); err != nil || target != staging.path(pkg) {
			continue // unpacked here, or linked to a mirror
		}
		location, err := c.addPackage(staging.path(pkg), pkg)
		if err == nil && location == "" { // the cache has a different package of this version
			err = errors.Join(os.Remove(dataCache.path(pkg)), os.Rename(staging.path(pkg), dataCache.path(pkg)))
		} else if err == nil {
			err = replaceWithLink(dataCache.path(pkg), location)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addPackage moves a staged package into the cache and returns its final path. It
// returns "" if the cache has different content under that name.
func (c providerCache) addPackage(staged, pkg string) (string, error) {
	info, err := os.Lstat(staged)
	if err != nil {
		return "", err
	}
	if info.Mode()&os.ModeSymlink != 0 { // links to the cache or to a mirror
		return os.Readlink(staged)
	}
	hash, err := dirhash.HashDir(staged, "", dirhash.Hash1)
	if err != nil {
		return "", err
	}
	if err := errors.Join(syncFiles(staged), os.MkdirAll(filepath.Dir(c.path(pkg)), 0o700)); err != nil {
		return "", err
	}
	// The rename fails if the package exists, since its directory is not empty.
	if err := os.Rename(staged, c.path(pkg)); err != nil {
		presentHash, herr := dirhash.HashDir(c.path(pkg), "", dirhash.Hash1)
		if herr != nil {
			return "", errors.Join(err, herr)
		}
		if presentHash != hash {
			return "", nil
		}
	}
	return c.path(pkg), os.WriteFile(c.path(pkg)+".h1", []byte(hash), 0o600)
}

// syncFiles flushes the files to disk before a hash file marks them as complete.
func syncFiles(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		return files.Sync(path)
	})
}

func replaceWithLink(path, target string) error {
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), files.RemoveIfExists(path), os.Symlink(target, path))
}
