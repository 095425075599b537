// Package odb reads a Git object store: packs and loose objects, with alternates. It writes
// nothing but received packs, reads of an index what it needs only, and is safe for
// concurrent use. go-git's own store is not: a pass looks up thousands of trees in a store
// that it has just opened, so opening must cost nothing and lookups must run in parallel.
package odb

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"

	"reconcile/internal/files"
)

// ErrNotFound means that the store does not contain the object.
var ErrNotFound = errors.New("no such object")

// maxAlternates bounds a chain of alternate stores.
const maxAlternates = 8

// Store is a Git object store opened for reading.
type Store struct {
	dirs []string // "objects" directories: the store's own, then alternates

	mu     sync.Mutex
	packs  []*pack // nil until first needed
	broken error   // why packs cannot be opened
	// Neighbours in a delta chain share most of the chain.
	bases cache[baseKey]
	sized cache[plumbing.Hash] // small loose objects whose size was asked: most are read next
}

// Open opens the object store in the directory dir ("….git/objects").
func Open(dir string) (*Store, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("open object store: %w", err)
	}
	dirs, err := appendAlternates([]string{filepath.Clean(dir)}, dir, maxAlternates)
	if err != nil {
		return nil, err
	}
	return &Store{dirs: dirs}, nil
}

// appendAlternates appends the alternates of dir to dirs.
func appendAlternates(dirs []string, dir string, depth int) ([]string, error) {
	text, err := files.ReadRegular(filepath.Join(dir, "info", "alternates"), files.MaxConfig)
	if errors.Is(err, os.ErrNotExist) || depth == 0 {
		return dirs, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read alternates of object store: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		other := strings.TrimSuffix(line, "\n")
		if other == "" || strings.HasPrefix(other, "#") {
			continue
		}
		if path, err := strconv.Unquote(other); err == nil && other[0] == '"' { // as Git quotes names in C's way
			other = path
		}
		if !filepath.IsAbs(other) {
			other = filepath.Join(dir, other)
		}
		if other = filepath.Clean(other); slices.Contains(dirs, other) {
			continue
		}
		if dirs, err = appendAlternates(append(dirs, other), other, depth-1); err != nil {
			return nil, err
		}
	}
	return dirs, nil
}

// Has reports whether the store contains the object. It does not read the object.
func (s *Store) Has(id plumbing.Hash) bool {
	for _, refresh := range []bool{false, true} {
		packs, err := s.openPacks(refresh)
		if err != nil {
			return false
		}
		if p, _, err := findInPacks(packs, id); err != nil || p != nil {
			return err == nil
		}
		if slices.ContainsFunc(s.dirs, func(dir string) bool { return exists(loosePath(dir, id)) }) {
			return true
		}
	}
	return false
}

// findObject returns the pack that contains the object, or the opened object if it is loose.
// It looks twice, because Git may pack or unpack the object meanwhile.
func (s *Store) findObject(id plumbing.Hash) (p *pack, offset int64, loose *Object, err error) {
	for _, refresh := range []bool{false, true} {
		packs, err := s.openPacks(refresh)
		if err != nil {
			return nil, 0, nil, err
		}
		if p, offset, err := findInPacks(packs, id); p != nil || err != nil {
			return p, offset, nil, err
		}
		if loose, err := s.openLoose(id); !errors.Is(err, ErrNotFound) {
			return nil, 0, loose, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, 0, nil, fmt.Errorf("object %s: %w", id, s.broken)
	}
	return nil, 0, nil, fmt.Errorf("object %s: %w", id, ErrNotFound)
}

func findInPacks(packs []*pack, id plumbing.Hash) (*pack, int64, error) {
	for _, p := range packs {
		offset, ok, err := p.find(id)
		if err != nil {
			return nil, 0, fmt.Errorf("look up object %s in %s: %w", id, filepath.Base(p.path), err)
		}
		if ok {
			return p, offset, nil
		}
	}
	return nil, 0, nil
}

// openPacks returns the packs. With refresh it also looks for new ones. A pack that cannot be
// opened is left out, as Git does: what is in others can be read.
func (s *Store) openPacks(refresh bool) ([]*pack, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.packs != nil && !refresh {
		return s.packs, nil
	}
	packs := append([]*pack{}, s.packs...)
	var broken error
	for _, dir := range s.dirs {
		names, err := filepath.Glob(filepath.Join(escapeGlob(dir), "pack", "pack-*.idx"))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			path := strings.TrimSuffix(name, ".idx")
			if slices.ContainsFunc(packs, func(p *pack) bool { return p.path == path }) {
				continue
			}
			p, err := openPack(path)
			if errors.Is(err, os.ErrNotExist) {
				continue // a repack removed it between listing and opening
			}
			if err != nil {
				broken = cmp.Or(broken, err)
				continue
			}
			packs = append(packs, p)
		}
	}
	s.packs, s.broken = packs, broken
	return packs, nil
}

// escapeGlob escapes the pattern characters of filepath.Glob.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
