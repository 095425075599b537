package terraform

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/mod/sumdb/dirhash"
)

const platform = runtime.GOOS + "_" + runtime.GOARCH

// providerCache is a directory of unpacked provider packages, each at
// HOST/NAMESPACE/TYPE/VERSION/PLATFORM. In the shared one, a package that is
// whole has its hash beside it, and is never written again.
type providerCache string

func (c providerCache) path(pkg string) string { return filepath.Join(string(c), pkg) }

// packages are the packages in the cache, by relative path.
func (c providerCache) packages() []string {
	found, _ := fs.Glob(os.DirFS(string(c)), "*/*/*/*/"+platform)
	return found
}

// hash is the hash of a whole package as lock files have it, or "".
func (c providerCache) hash(pkg string) string {
	text, _ := os.ReadFile(c.path(pkg) + ".h1")
	return string(text)
}

// isIntact reports whether a package is as it was when it was adopted. That reads
// all of it.
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

// remove removes a package. Its hash goes first, so that nobody takes what is
// left of it for whole.
func (c providerCache) remove(pkg string) error {
	return errors.Join(removeIfExists(c.path(pkg)+".h1"), os.RemoveAll(c.path(pkg)))
}

// linkInto links the whole packages whose hashes are usable into another
// cache.
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

// addStaged moves what init added to staging into the cache, and points what init
// linked in data (a .terraform directory) there.
func (c providerCache) addStaged(staging providerCache, data string) error {
	dataCache := providerCache(filepath.Join(data, "providers"))
	for _, pkg := range dataCache.packages() {
		if target, err := os.Readlink(dataCache.path(pkg)); err != nil || target != staging.path(pkg) {
			continue // unpacked there, or linked to a mirror
		}
		location, err := c.addPackage(staging.path(pkg), pkg)
		if err == nil && location == "" { // the cache has another of this version
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

// addPackage returns where a staged package is to be found for good; "" if
// the cache has other content under its name.
func (c providerCache) addPackage(staged, pkg string) (string, error) {
	info, err := os.Lstat(staged)
	if err != nil {
		return "", err
	}
	if info.Mode()&os.ModeSymlink != 0 { // to the cache, or to a mirror
		return os.Readlink(staged)
	}
	hash, err := dirhash.HashDir(staged, "", dirhash.Hash1)
	if err != nil {
		return "", err
	}
	if err := errors.Join(syncFiles(staged), os.MkdirAll(filepath.Dir(c.path(pkg)), 0o700)); err != nil {
		return "", err
	}
	// A rename onto a package that is there fails: it has files in it.
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

// syncFiles makes sure that files have reached the disk before they are given
// a name that says that they are whole.
func syncFiles(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(file.Sync(), file.Close())
	})
}

func replaceWithLink(path, target string) error {
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), removeIfExists(path), os.Symlink(target, path))
}
