package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state/snapshot"
)

// Fetch gets the tip and verifies its signature if one is required. Nothing of an
// unsigned commit is read.
func (c *Config) Fetch(ctx context.Context, tip source.Tip) (*source.Commit, error) {
	commit, err := c.Source.Fetch(ctx, tip.Commit)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", tip.Commit.Abbrev(), err)
	}
	if err := c.Verify(commit); err != nil {
		c.CloseCommit(commit)
		return nil, err
	}
	return commit, nil
}

// Verify verifies the signature of a commit if the configuration requires one.
func (c *Config) Verify(commit *source.Commit) error {
	if c.Signers == nil {
		return nil
	}
	return commit.Verify(*c.Signers)
}

// CloseCommit closes the files of a commit. An error is only logged.
func (c *Config) CloseCommit(commit *source.Commit) {
	if err := commit.Close(); err != nil {
		c.Log.Warn("could not close the files of a commit", "error", err)
	}
}

// LoadSettings reads the settings at a commit, or those that are tried instead.
func (c *Config) LoadSettings(commit *source.Commit) (*settings.Settings, error) {
	if tried := c.SettingsFile; tried != nil {
		return settings.Parse(commit.Tree, tried.Name, tried.Text, c.Environment)
	}
	settings, err := settings.Load(commit.Tree, c.Environment)
	if err != nil {
		return nil, fmt.Errorf("settings at %s: %w", commit, err)
	}
	return settings, nil
}

// FetchSnapshot returns a commit from its stored snapshot, without Git, and verifies its
// signature if one is required. The caller closes it.
func (c *Config) FetchSnapshot(ctx context.Context, id commitid.ID) (*source.Commit, error) {
	commit, err := c.CommitFromSnapshot(ctx, id, "", time.Time{}, func(dir string, check snapshot.TreeVerifier) error {
		return c.Snapshots.Fetch(ctx, id, dir, check)
	})
	if err != nil {
		return nil, err
	}
	if err := c.Verify(commit); err != nil {
		c.CloseCommit(commit)
		return nil, err
	}
	return commit, nil
}

// FindSnapshot returns the commit of the stored snapshot that a person has named, and where the
// snapshot is. The caller closes the commit.
func (c *Config) FindSnapshot(ctx context.Context, name string) (commit *source.Commit, location string, err error) {
	found, err := c.Snapshots.Find(ctx, name)
	if err != nil {
		return nil, "", err
	}
	if commit, err = c.FetchSnapshot(ctx, found.Commit); err != nil {
		return nil, "", fmt.Errorf("nothing was applied from %s: %w", found.Location, err)
	}
	return commit, found.Location, nil
}

// CommitFromSnapshot makes a commit from an archived tree, which fetch lays out and
// verifies. The files are deleted when the commit is closed.
func (c *Config) CommitFromSnapshot(ctx context.Context, commit commitid.ID, tree string, when time.Time, fetch func(dir string, check snapshot.TreeVerifier) error) (*source.Commit, error) {
	if err := os.MkdirAll(c.WorkDir, 0o700); err != nil {
		return nil, fmt.Errorf("create a directory for the snapshot: %w", err)
	}
	home, err := os.MkdirTemp(c.WorkDir, "snapshot-")
	if err != nil {
		return nil, fmt.Errorf("create a directory for the snapshot: %w", err)
	}
	dir := filepath.Join(home, "tree")
	var objects []byte
	err = fetch(dir, func(_ string, held []byte) error { objects = held; return nil }) // source.Restore checks them below
	if err == nil {
		var restored *source.Commit
		if restored, err = source.Restore(ctx, dir, commit, tree, when, objects); err == nil {
			restored.AddCloser(func() error { return os.RemoveAll(home) })
			return restored, nil
		}
	}
	return nil, errors.Join(err, os.RemoveAll(home))
}
