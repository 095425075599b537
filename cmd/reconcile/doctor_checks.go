package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gitwire"
	"reconcile/state"
)

func (d *doctor) checkGit(ctx context.Context) (string, error) {
	repository, err := d.deps.openSource(ctx)
	if err != nil {
		return "", withHint(err, bootstrapHint(err))
	}
	tip, err := repository.Tip(ctx, "")
	if err != nil {
		return "", withHint(err, gitHint(err))
	}
	d.deps.source = repository
	signature, err := d.checkSignature(ctx, repository, tip)
	if err != nil {
		return "", withHint(err, "see --signers, or have the commit signed")
	}
	return fmt.Sprintf("%s: %s is at %s%s", repository.URL(), d.app.settings.Branch, ui.AbbrevCommit(tip.Commit), signature), nil
}

// checkSignature verifies the tip's signature if --signers is set.
func (d *doctor) checkSignature(ctx context.Context, repository *source.Repository, tip source.Tip) (string, error) {
	signers, err := d.app.settings.readSigners()
	if err != nil || signers == nil {
		return "", err
	}
	commit, err := repository.Fetch(ctx, tip.Commit)
	if err != nil {
		return "", err
	}
	return ", and signed", errors.Join(commit.Verify(*signers), commit.Close())
}

// gitHint returns what to do about errors of Git that a setting can fix.
func gitHint(err error) string {
	switch {
	case errors.Is(err, gitwire.ErrForbidden):
		return "see --git-credentials: may that user read the repository? Where Backlog has an allow-list, the address that this comes from must be on it (docs/bootstrap.md, step 4)"
	case errors.Is(err, gitwire.ErrAuth):
		return "see --git-credentials: set RECONCILE_GIT_USERNAME and RECONCILE_GIT_PASSWORD, or name a secret or key"
	case errors.Is(err, gitwire.ErrNoBranch):
		return "see --branch"
	case errors.Is(err, gitwire.ErrHost), errors.Is(err, gitwire.ErrNotFound), errors.Is(err, gitwire.ErrNotGit):
		return "see --repo"
	}
	return ""
}

// checker is a store that can check more than whether a read succeeds.
type checker interface {
	Check(ctx context.Context) error
}

func (d *doctor) checkRecord(ctx context.Context) (string, error) {
	store, err := d.deps.openStore(ctx)
	if err != nil {
		return "", err
	}
	d.deps.closers = append(d.deps.closers, store.Close)
	if c, ok := store.(checker); ok {
		if err := c.Check(ctx); err != nil {
			return "", withHint(err, bootstrapHint(err))
		}
	}
	if err := checkWritable(ctx, store); err != nil {
		return "", err
	}
	if d.deps.source == nil && d.app.settings.Record == "" {
		return d.app.settings.State + " can be read and written", nil
	}
	d.deps.record = state.New(store, d.deps.recordName(), state.Options{})
	head, err := d.deps.record.Head(ctx)
	if err != nil {
		return "", err
	}
	position := "no pass yet"
	if head.Commit != "" {
		position = "at " + ui.AbbrevCommit(head.Commit)
	}
	return fmt.Sprintf("%s in %s: %s", d.deps.recordName(), d.app.settings.State, position), nil
}

// doctorPartition is the partition that doctor writes to.
const doctorPartition = "DOCTOR"

// checkWritable writes an item that nothing reads, and deletes it.
func checkWritable(ctx context.Context, store state.Store) error {
	key := state.Key{PK: doctorPartition, SK: state.CurrentProcess().Host}
	value := fmt.Appendf(nil, `{"schema":%d,"expires":%d}`, state.Schema, time.Now().Add(time.Hour).Unix())
	if err := store.Write(ctx, state.Op{Key: key, Put: value}); err != nil {
		return fmt.Errorf("write to the record's store: %w", err)
	}
	if _, err := store.Get(ctx, key); err != nil {
		return fmt.Errorf("read back from the record's store: %w", err)
	}
	if err := store.Write(ctx, state.Op{Key: key, Delete: true}); err != nil {
		return fmt.Errorf("delete from the record's store: %w", err)
	}
	return nil
}

func (d *doctor) checkSnapshots(ctx context.Context) (string, error) {
	store, err := d.deps.openSnapshots(ctx)
	if err != nil {
		return "", err
	}
	if err := store.Check(ctx); err != nil {
		return "", withHint(err, bootstrapHint(err))
	}
	return d.app.settings.Snapshots + " can be read and written", nil
}

func (d *doctor) checkDigestKey(ctx context.Context) (string, error) {
	id, _, err := d.app.settings.digestKey(ctx, d.deps.aws)
	if err != nil {
		return "", withHint(err, bootstrapHint(err))
	}
	return fmt.Sprintf("%s (id %s)", d.app.settings.DigestKey, id), nil
}

// checkWorkDir tests writing and file locks in the work directory. Some network file
// systems have no locks between processes.
func (d *doctor) checkWorkDir(context.Context) (string, error) {
	dir := d.app.settings.Work
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", withHint(err, "see --work")
	}
	file := filepath.Join(dir, ".doctor.lock")
	lock, rival := flock.New(file), flock.New(file)
	defer lock.Close()
	defer rival.Close()
	if err := lock.Lock(); err != nil {
		return "", withHint(fmt.Errorf("files in %s cannot be locked: %w", dir, err), "name a directory of a local disk with --work")
	}
	if locked, err := rival.TryLock(); err != nil || locked {
		return "", withHint(fmt.Errorf("file locks in %s have no effect", dir), "name a directory of a local disk with --work")
	}
	return dir + " can be written and locked", nil
}

func (d *doctor) checkTerraform(ctx context.Context) (string, error) {
	t, err := d.deps.newTerraform(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s at %s", t.Product(), t.Version(), t.Binary()), nil
}

// maxSkew is the largest accepted difference of our clock. AWS refuses requests that
// are signed more than five minutes off.
const maxSkew = 2 * time.Minute

func (d *doctor) checkClock(ctx context.Context) (string, error) {
	server := d.clockURL()
	if server == "" {
		return "", fmt.Errorf("%w: neither Git nor AWS uses HTTP", errNotChecked)
	}
	date, err := serverTime(ctx, server)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNotChecked, err)
	}
	skew := time.Since(date).Round(time.Second)
	if skew.Abs() > maxSkew {
		return "", withHint(fmt.Errorf("clock differs by %s from the Date of %s", skew, server), "set the clock (NTP): AWS refuses requests that are signed at a wrong time")
	}
	return "agrees with " + server, nil
}

// clockURL returns a server that sends a Date header.
func (d *doctor) clockURL() string {
	if isHTTP(d.app.settings.Repo) {
		scheme, rest, _ := strings.Cut(stripUserinfo(d.app.settings.Repo), "://")
		host, _, _ := strings.Cut(rest, "/")
		return scheme + "://" + host
	}
	if d.app.settings.isEmbedded() {
		return ""
	}
	if endpoint := os.Getenv("AWS_ENDPOINT_URL"); endpoint != "" {
		return endpoint
	}
	if cfg, err := d.deps.aws(); err == nil {
		return "https://dynamodb." + cfg.Region + ".amazonaws.com"
	}
	return ""
}
