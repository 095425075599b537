package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/gofrs/flock"

	"reconcile/reconciler/source"
	"reconcile/state"
)

// doctor checks the settings by using them, one after the other, so that one
// failure does not hide the others.
type doctor struct {
	app   *app
	parts *parts // as far as they could be made
}

func newDoctor(a *app) *doctor {
	return &doctor{app: a, parts: &parts{app: a}}
}

func (d *doctor) close() { d.app.closing(d.parts) }

// errSkip: there is nothing to check while another check fails.
var errSkip = errors.New("not checked")

// advice is a failed check that knows what to do.
type advice struct {
	err  error
	mend string
}

func (e *advice) Error() string { return e.err.Error() }
func (e *advice) Unwrap() error { return e.err }

func advise(err error, mend string) error {
	if err == nil {
		return nil
	}
	return &advice{err, mend}
}

// examine runs all checks and tells each as it comes.
func (d *doctor) examine(ctx context.Context, tell func(finding)) []finding {
	d.parts.aws = sync.OnceValues(func() (aws.Config, error) { return loadAWS(ctx) })
	var findings []finding
	for _, check := range []struct {
		name string
		run  func(context.Context) (string, error)
	}{
		{"git", d.git},
		{"record", d.record},
		{"snapshots", d.snapshots},
		{"digest key", d.digestKey},
		{"work", d.work},
		{"terraform", d.terraform},
		{"clock", d.clock},
	} {
		if ctx.Err() != nil {
			break
		}
		f := finding{Check: check.name}
		detail, err := check.run(ctx)
		var known *advice
		switch {
		case err == nil:
			f.OK, f.Detail = true, detail
		case errors.Is(err, errSkip):
			f.Skipped, f.Detail = true, err.Error()
		default:
			f.Detail = err.Error()
			if errors.As(err, &known) {
				f.Mend = known.mend
			}
		}
		findings = append(findings, f)
		tell(f)
	}
	return findings
}

func (d *doctor) git(ctx context.Context) (string, error) {
	repository, err := d.parts.openSource(ctx)
	if err != nil {
		return "", err
	}
	tip, err := repository.Tip(ctx, "")
	if err != nil {
		return "", advise(err, gitMend(err))
	}
	d.parts.source = repository
	return fmt.Sprintf("%s: %s is at %s", repository.URL(), d.app.Branch, shortCommit(tip.Commit)), nil
}

// gitMend adds what to do to those errors of Git that the settings can mend.
func gitMend(err error) string {
	switch {
	case errors.Is(err, source.ErrAuth), errors.Is(err, source.ErrForbidden):
		return "see --git-credentials: set RECONCILE_GIT_USERNAME and RECONCILE_GIT_PASSWORD, or name a secret or key"
	case errors.Is(err, source.ErrNoBranch):
		return "see --branch"
	case errors.Is(err, source.ErrHost), errors.Is(err, source.ErrNotFound), errors.Is(err, source.ErrNotGit):
		return "see --repo"
	}
	return ""
}

// checker is a store that can tell more than whether a read succeeds.
type checker interface {
	Check(ctx context.Context) error
}

func (d *doctor) record(ctx context.Context) (string, error) {
	store, err := d.parts.openStore(ctx)
	if err != nil {
		return "", err
	}
	d.parts.closers = append(d.parts.closers, store.Close)
	if c, ok := store.(checker); ok {
		if err := c.Check(ctx); err != nil {
			return "", err
		}
	}
	if err := writable(ctx, store); err != nil {
		return "", err
	}
	if d.parts.source == nil && d.app.Record == "" {
		return d.app.State + " can be read and written", nil
	}
	d.parts.record = state.New(store, d.parts.recordName(), state.Options{})
	head, err := d.parts.record.Head(ctx)
	if err != nil {
		return "", err
	}
	at := "no pass yet"
	if head.Commit != "" {
		at = "at " + shortCommit(head.Commit)
	}
	return fmt.Sprintf("%s in %s: %s", d.parts.recordName(), d.app.State, at), nil
}

// doctorPartition is where doctor tries to write.
const doctorPartition = "DOCTOR"

// writable writes an item that nothing reads, and takes it out again.
func writable(ctx context.Context, store state.Store) error {
	key := state.Key{PK: doctorPartition, SK: state.Self().Host}
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

func (d *doctor) snapshots(ctx context.Context) (string, error) {
	store, err := d.parts.openSnapshots(ctx)
	if err != nil {
		return "", err
	}
	if err := store.Check(ctx); err != nil {
		return "", err
	}
	return d.app.Snapshots + " can be read and written", nil
}

func (d *doctor) digestKey(ctx context.Context) (string, error) {
	id, _, err := d.app.digestKey(ctx, d.parts.aws)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s (id %s)", d.app.DigestKey, id), nil
}

// work tries the folder for caches: writing, and locks between processes,
// which some network file systems do not have.
func (d *doctor) work(context.Context) (string, error) {
	dir := d.app.Work
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", advise(err, "see --work")
	}
	file := filepath.Join(dir, ".doctor.lock")
	one, two := flock.New(file), flock.New(file)
	defer one.Close()
	defer two.Close()
	if err := one.Lock(); err != nil {
		return "", advise(fmt.Errorf("files in %s cannot be locked: %w", dir, err), "name a directory of a local disk with --work")
	}
	if taken, err := two.TryLock(); err != nil || taken {
		return "", advise(fmt.Errorf("locks in %s hold nobody off", dir), "name a directory of a local disk with --work")
	}
	return dir + " can be written and locked", nil
}

func (d *doctor) terraform(ctx context.Context) (string, error) {
	t, err := d.parts.newTerraform(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s at %s", t.Product(), t.Version(), t.Binary()), nil
}

// mostSkew is how far our clock may be off: AWS refuses requests that are
// signed more than five minutes off.
const mostSkew = 2 * time.Minute

func (d *doctor) clock(ctx context.Context) (string, error) {
	where := d.clockURL()
	if where == "" {
		return "", fmt.Errorf("%w: neither Git nor AWS is reached over HTTP", errSkip)
	}
	date, err := dateOf(ctx, where)
	if err != nil {
		return "", fmt.Errorf("%w: %v", errSkip, err)
	}
	skew := time.Since(date).Round(time.Second)
	if skew.Abs() > mostSkew {
		return "", advise(fmt.Errorf("this machine's clock is off by %s, by the Date of %s", skew, where), "set the clock (NTP): AWS refuses requests that are signed at a wrong time")
	}
	return "agrees with " + where, nil
}

// clockURL is a server whose Date can be asked for.
func (d *doctor) clockURL() string {
	if isHTTP(d.app.Repo) {
		scheme, rest, _ := strings.Cut(withoutPassword(d.app.Repo), "://")
		host, _, _ := strings.Cut(rest, "/")
		return scheme + "://" + host
	}
	if d.app.embedded() {
		return ""
	}
	if endpoint := os.Getenv("AWS_ENDPOINT_URL"); endpoint != "" {
		return endpoint
	}
	if cfg, err := d.parts.aws(); err == nil {
		return "https://dynamodb." + cfg.Region + ".amazonaws.com"
	}
	return ""
}
