// Package providers is the cache of provider packages that workspaces share, and the lock
// files that say which packages a workspace accepts. It runs nothing.
package providers

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

// Platform is the one of this machine, as in the names of packages.
const Platform = runtime.GOOS + "_" + runtime.GOARCH

// Cache is a directory of unpacked provider packages, each at
// HOST/NAMESPACE/TYPE/VERSION/PLATFORM. In the shared cache a complete package has a
// hash file (.h1) next to it and is never written again.
type Cache string

// Path returns the path of a package in the cache.
func (c Cache) Path(pkg string) string { return filepath.Join(string(c), pkg) }

// Packages returns the relative paths of the packages in the cache.
func (c Cache) Packages() []string {
	found, _ := fs.Glob(os.DirFS(string(c)), "*/*/*/*/"+Platform)
	return found
}

// hash returns the hash of a complete package in the form of lock files, or "".
func (c Cache) hash(pkg string) string {
	text, _ := os.ReadFile(c.Path(pkg) + ".h1")
	return string(text)
}

// IsIntact reports whether a package is unchanged since it was added. It reads the
// whole package.
func (c Cache) IsIntact(pkg string) bool {
	hash, err := dirhash.HashDir(c.Path(pkg), "", dirhash.Hash1)
	if err != nil || hash != c.hash(pkg) {
		return false
	}
	programs, _ := filepath.Glob(filepath.Join(c.Path(pkg), "terraform-provider-*"))
	return !slices.ContainsFunc(programs, func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || info.Mode()&0o100 == 0
	})
}

// Remove removes a package. It removes the hash first, so that a partly removed package
// does not count as complete.
func (c Cache) Remove(pkg string) error {
	return errors.Join(files.RemoveIfExists(c.Path(pkg)+".h1"), os.RemoveAll(c.Path(pkg)))
}

// LinkInto links the complete packages with usable hashes into another cache.
func (c Cache) LinkInto(other Cache, isUsable func(hash string) bool) error {
	if err := os.MkdirAll(string(other), 0o700); err != nil {
		return err
	}
	for _, pkg := range c.Packages() {
		hash := c.hash(pkg)
		if hash == "" || !isUsable(hash) {
			continue
		}
		if err := replaceWithLink(other.Path(pkg), c.Path(pkg)); err != nil {
			return err
		}
	}
	return nil
}

// AddStaged moves the packages that init added to staging into the cache. It points
// init's links in data (a .terraform directory) to the cache.
func (c Cache) AddStaged(staging Cache, data string) error {
	dataCache := Cache(filepath.Join(data, "providers"))
	for _, pkg := range dataCache.Packages() {
		if target, err := os.Readlink(dataCache.Path(pkg)); err != nil || target != staging.Path(pkg) {
			continue // unpacked here, or linked to a mirror
		}
		location, err := c.addPackage(staging.Path(pkg), pkg)
		if err == nil && location == "" { // the cache has a different package of this version
			err = errors.Join(os.Remove(dataCache.Path(pkg)), os.Rename(staging.Path(pkg), dataCache.Path(pkg)))
		} else if err == nil {
			err = replaceWithLink(dataCache.Path(pkg), location)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addPackage moves a staged package into the cache and returns its final path. It
// returns "" if the cache has different content under that name.
func (c Cache) addPackage(staged, pkg string) (string, error) {
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
	if err := errors.Join(syncFiles(staged), os.MkdirAll(filepath.Dir(c.Path(pkg)), 0o700)); err != nil {
		return "", err
	}
	// The rename fails if the package exists, since its directory is not empty.
	if err := os.Rename(staged, c.Path(pkg)); err != nil {
		presentHash, herr := dirhash.HashDir(c.Path(pkg), "", dirhash.Hash1)
		if herr != nil {
			return "", errors.Join(err, herr)
		}
		if presentHash != hash {
			return "", nil
		}
	}
	return c.Path(pkg), os.WriteFile(c.Path(pkg)+".h1", []byte(hash), 0o600)
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
