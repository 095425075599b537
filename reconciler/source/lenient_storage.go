package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/util"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	format "github.com/go-git/go-git/v5/plumbing/format/config"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// lenientStorage hides settings that go-git refuses but that do not matter for reading, and
// refuses refs that go-git takes for something else.
type lenientStorage struct{ *filesystem.Storage }

// Config returns the settings that say how the repository is stored. Branches and remotes may
// have values that only go-git refuses, such as a negative refspec or merge = refs/pull/1/head.
func (l lenientStorage) Config() (*config.Config, error) {
	text, err := util.ReadFile(l.Filesystem(), "config")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	all, stored := format.New(), format.New()
	if err := format.NewDecoder(bytes.NewReader(text)).Decode(all); err != nil {
		return nil, fmt.Errorf("read its file config: %w", err)
	}
	for _, section := range all.Sections {
		if section.IsName("core") || section.IsName("extensions") {
			stored.Sections = append(stored.Sections, section)
		}
	}
	if stored.HasSection("extensions") {
		stored.Section("extensions").RemoveOption("worktreeConfig").RemoveOption("preciousObjects").RemoveOption("partialClone")
	}
	var kept bytes.Buffer
	if err := format.NewEncoder(&kept).Encode(stored); err != nil {
		return nil, err
	}
	settings := config.NewConfig()
	return settings, settings.Unmarshal(kept.Bytes())
}

// Reference reads the file of a ref, if it has one. Where go-git cannot read that file, or it is
// empty after a loss of power, it takes an older value from packed-refs; a file without an id
// is an id of zeros for it.
func (l lenientStorage) Reference(name plumbing.ReferenceName) (*plumbing.Reference, error) {
	if !name.IsSafe() || name.Validate() != nil {
		return l.Storage.Reference(name)
	}
	text, err := readRef(l.Filesystem(), name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return l.Storage.Reference(name) // it may be packed
	case err != nil:
		return nil, err
	}
	line, _, _ := strings.Cut(text, "\n")
	line = strings.TrimSpace(line)
	ref := plumbing.NewReferenceFromStrings(name.String(), line)
	if ref.Type() == plumbing.HashReference && !plumbing.IsHash(line) || ref.Type() == plumbing.SymbolicReference && ref.Target() == "" {
		return nil, &brokenRefError{name}
	}
	return ref, nil
}

func readRef(dir billy.Filesystem, name plumbing.ReferenceName) (string, error) {
	info, err := dir.Stat(name.String())
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return "", syscall.EISDIR
	case !info.Mode().IsRegular(): // a pipe would block
		return "", &brokenRefError{name}
	}
	text, err := util.ReadFile(dir, name.String())
	return string(text), err
}

// brokenRefError reports a file of a ref that names no object.
type brokenRefError struct{ name plumbing.ReferenceName }

func (e *brokenRefError) Error() string {
	return fmt.Sprintf("the file of %s is damaged: it has no commit id", e.name)
}
