package run

import (
	"context"
	"fmt"

	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace/settings"
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
		c.Log.Warn("a commit's files could not be closed", "error", err)
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
