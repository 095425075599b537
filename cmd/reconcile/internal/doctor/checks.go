package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gitwire"
	"reconcile/state"
)

func (d *Doctor) checkGit(ctx context.Context) (string, error) {
	repository, err := d.deps.OpenSource(ctx)
	if err != nil {
		return "", withHint(err, bootstrapHint(err))
	}
	tip, err := repository.Tip(ctx, "")
	if err != nil {
		return "", withHint(err, gitHint(err))
	}
	d.deps.Source = repository
	signature, err := d.checkSignature(ctx, repository, tip)
	if err != nil {
		return "", withHint(err, "see --signers, or have the commit signed")
	}
	return fmt.Sprintf("%s: %s is at %s%s", repository.URL(), d.settings.Branch, tip.Commit.Abbrev(), signature), nil
}

// checkSignature verifies the tip's signature if --signers is set.
func (d *Doctor) checkSignature(ctx context.Context, repository *source.Repository, tip source.Tip) (string, error) {
	signers, err := d.settings.ReadSigners()
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

func (d *Doctor) checkRecord(ctx context.Context) (string, error) {
	store, err := d.deps.OpenStore(ctx)
	if err != nil {
		return "", err
	}
	if c, ok := store.(checker); ok {
		if err := c.Check(ctx); err != nil {
			return "", withHint(err, bootstrapHint(err))
		}
	}
	if err := checkWritable(ctx, store); err != nil {
		return "", err
	}
	if d.deps.Source == nil && d.settings.Record == "" {
		return d.settings.State + " can be read and written", nil
	}
	d.deps.Record = state.New(store, d.deps.RecordName(), state.Options{})
	readHead := d.deps.Record.Head
	if d.deps.Source != nil {
		config := d.deps.RunConfig(nil)
		readHead = config.ReadHead // refuses the record of another repository
	}
	head, err := readHead(ctx)
	if err != nil {
		return "", err
	}
	if head.Commit == "" {
		return fmt.Sprintf("%s in %s: no pass yet", d.deps.RecordName(), d.settings.State), nil
	}
	return fmt.Sprintf("%s in %s: its tip is %s", d.deps.RecordName(), d.settings.State, head.Commit.Abbrev()), nil
}

// checkWritable writes an item that nothing reads, and deletes it.
func checkWritable(ctx context.Context, store state.Store) error {
	key := state.Key{PK: config.DoctorPartition, SK: state.CurrentProcess().Host}
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

func (d *Doctor) checkSnapshots(ctx context.Context) (string, error) {
	store, err := d.deps.OpenSnapshots(ctx)
	if err != nil {
		return "", err
	}
	if err := store.Check(ctx); err != nil {
		return "", withHint(err, bootstrapHint(err))
	}
	return d.settings.Snapshots + " can be read and written", nil
}

func (d *Doctor) checkDigestKey(ctx context.Context) (string, error) {
	key, err := d.deps.DigestKey(ctx)
	if err != nil {
		return "", withHint(err, bootstrapHint(err))
	}
	return fmt.Sprintf("%s (id %s)", d.settings.DigestKey, key.ID), nil
}

// checkWorkDir tests writing and file locks in the work directory. Some network file
// systems have no locks between processes.
func (d *Doctor) checkWorkDir(context.Context) (string, error) {
	dir := d.settings.Work
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

func (d *Doctor) checkTerraform(ctx context.Context) (string, error) {
	t, err := d.deps.NewTerraform(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s, installed at %s", t.Product(), t.Version(), t.Binary()), nil
}

// maxSkew is the largest accepted difference of our clock. AWS refuses requests that
// are signed more than five minutes off.
const maxSkew = 2 * time.Minute

func (d *Doctor) checkClock(ctx context.Context) (string, error) {
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
func (d *Doctor) clockURL() string {
	if config.IsHTTP(d.settings.Repo) {
		scheme, rest, _ := strings.Cut(config.StripUserinfo(d.settings.Repo), "://")
		host, _, _ := strings.Cut(rest, "/")
		return scheme + "://" + host
	}
	if d.settings.IsEmbedded() {
		return ""
	}
	if endpoint := os.Getenv("AWS_ENDPOINT_URL"); endpoint != "" {
		return endpoint
	}
	if cfg, err := d.deps.AWS(); err == nil {
		return "https://dynamodb." + cfg.Region + ".amazonaws.com"
	}
	return ""
}

// serverTime reads a server's time from the Date header of any response.
func serverTime(ctx context.Context, url string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return time.Time{}, err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return time.Time{}, err
	}
	defer response.Body.Close()
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s sent no Date header", url)
	}
	return date, nil
}
