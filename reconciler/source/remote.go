package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// remote is a repository behind a transport.
type remote struct {
	transport transport
	url       string
	branch    string
	maxBytes  int64
	retry     retryPolicy
	log       *slog.Logger
	cache     commitCache
}

func newRemote(w transport, r *Repository) *remote {
	return &remote{
		transport: w, url: r.URL(), branch: r.opts.Branch,
		maxBytes: r.opts.MaxBytes, retry: r.opts.retry, log: r.opts.Log,
		cache: commitCache{dir: r.opts.cacheDir(r.Name()), url: r.URL()},
	}
}

func (m *remote) refName() string { return "refs/heads/" + m.branch }

func (m *remote) tip(ctx context.Context, protocol string) (Tip, error) {
	return retry(ctx, m.retry, m.log, func() (Tip, error) {
		if protocol == ProtocolV0 {
			return m.tipV0(ctx)
		}
		tip, err := m.tipV2(ctx)
		if errors.Is(err, errNotV2) {
			return m.tipV0(ctx)
		}
		if err == nil || protocol == ProtocolV2 || !isMaybeV0(err) {
			return tip, err
		}
		// A server may refuse every version 2 request. A version 0 success does not prove
		// that, so the protocol is not remembered.
		if tip, errV0 := m.tipV0(ctx); errV0 == nil {
			return Tip{Commit: tip.Commit}, nil
		}
		return Tip{}, err
	})
}

// isMaybeV0 reports whether a version 2 request may have failed because of its version.
func isMaybeV0(err error) bool {
	return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrNotGit)
}

// tipV2 requests the refs that begin with the branch's name. The response is small, however
// many refs exist.
func (m *remote) tipV2(ctx context.Context) (Tip, error) {
	var id plumbing.Hash
	err := m.listV2(ctx, func(r ref) {
		if r.name == m.refName() { // the prefix also matches main2
			id = r.id
		}
	}, m.refName())
	if err != nil {
		return Tip{}, err
	}
	if !id.IsZero() {
		return Tip{id.String(), ProtocolV2}, nil
	}
	var branches []string
	if err := m.listV2(ctx, func(r ref) { branches = appendBranch(branches, r) }, "refs/"); err != nil {
		return Tip{}, err
	}
	return Tip{}, noBranchError(m.url, m.branch, branches)
}

func (m *remote) listV2(ctx context.Context, each func(ref), prefixes ...string) error {
	response, err := m.transport.lsRefs(ctx, lsRefsRequest(prefixes...))
	if err != nil {
		return m.classifyError(ctx, err)
	}
	defer response.Close()
	return m.classifyError(ctx, readLsRefs(m.limitAnswer(response), each))
}

// tipV0 reads the list of all refs up to the branch.
func (m *remote) tipV0(ctx context.Context) (Tip, error) {
	var id plumbing.Hash
	var branches []string
	rest := 1000 // further refs to read, so that the connection can be reused
	err := m.listV0(ctx, func(r ref) bool {
		branches = appendBranch(branches, r)
		if r.name == m.refName() {
			id = r.id
		}
		if !id.IsZero() {
			rest--
		}
		return rest > 0
	})
	if err != nil {
		return Tip{}, err
	}
	if id.IsZero() {
		return Tip{}, noBranchError(m.url, m.branch, branches)
	}
	return Tip{id.String(), ProtocolV0}, nil
}

// listV0 reads the list of all refs until each returns false.
func (m *remote) listV0(ctx context.Context, each func(ref) bool) error {
	response, err := m.transport.advertisement(ctx)
	if err != nil {
		return m.classifyError(ctx, err)
	}
	defer response.Close()
	return m.classifyError(ctx, readAdvertisement(newPktReader(m.limitAnswer(response)), each))
}

// contains asks the remote whether old is reachable from tip.
func (m *remote) contains(ctx context.Context, tip, old plumbing.Hash) (yes, known bool, err error) {
	response, err := m.transport.uploadPack(ctx, haveRequest(tip, old))
	if err != nil {
		return false, false, m.classifyError(ctx, err)
	}
	defer response.Close()
	_, ready, err := readHaveAnswer(m.limitAnswer(response), old)
	if err != nil {
		return false, false, m.classifyError(ctx, err)
	}
	return ready, true, nil
}

func (m *remote) resolve(ctx context.Context, rev string) (string, error) {
	if plumbing.IsHash(rev) {
		return strings.ToLower(rev), nil
	}
	if rev == m.branch || rev == m.refName() {
		tip, err := m.tip(ctx, "")
		return tip.Commit, err
	}
	return "", &Error{Kind: ErrRevision, URL: m.url, Text: fmt.Sprintf("%q", rev),
		Help: fmt.Sprintf("for a remote give a full commit id, or %q", m.branch)}
}

func (m *remote) limitAnswer(response io.ReadCloser) io.Reader {
	return &limitReader{ReadCloser: response, url: m.url, remaining: m.maxBytes}
}

// classifyError returns the meaning of an error in the middle of a response.
func (m *remote) classifyError(ctx context.Context, err error) error {
	var remoteErr *remoteError
	switch {
	case err == nil, errors.Is(err, errNotV2):
		return err
	case isNotOurRef(err):
		return &Error{Kind: ErrCommitNotFound, URL: m.url, Err: err, Help: "the branch may have been rewritten: read its tip again"}
	case errors.As(err, &remoteErr):
		return &Error{Kind: ErrUnavailable, URL: m.url, Err: err}
	case errors.Is(err, errMalformedPkt), errors.Is(err, errMalformedRef):
		return &Error{Kind: ErrNotGit, URL: m.url, Err: err, Help: "a proxy may have answered instead"}
	}
	return classifyNetworkError(ctx, m.url, err)
}

// appendBranch collects branch names for noBranchError; "" stands for refs that are not
// branches.
func appendBranch(names []string, r ref) []string {
	const enough = 100
	name, ok := strings.CutPrefix(r.name, "refs/heads/")
	if !ok && len(names) > 0 || len(names) >= enough || r.id.IsZero() {
		return names
	}
	if !ok {
		name = ""
	}
	return append(names, name)
}

// noBranchError returns the error of a repository without the branch. names are some of its
// branches; if there are none, the repository is empty.
func noBranchError(url, branch string, names []string) error {
	if len(names) == 0 {
		return &Error{Kind: ErrEmpty, URL: url, Help: fmt.Sprintf("push a commit to %q first", branch)}
	}
	const few = 5
	var examples []string
	for _, name := range names {
		if name != "" && len(examples) < few {
			examples = append(examples, sanitizeLine([]byte(name)))
		}
	}
	help := "it has no branches"
	if len(examples) > 0 {
		help = "it has " + strings.Join(examples, ", ")
		if len(names) > few {
			help += ", …"
		}
		help += ": set --branch"
	}
	return &Error{Kind: ErrNoBranch, URL: url, Text: fmt.Sprintf("%q", branch), Help: help}
}
