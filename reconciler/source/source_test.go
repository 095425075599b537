package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/gitwire"
)

// testRetry is the retry policy of tests.
var testRetry = gitwire.RetryPolicy{MaxTries: 3, InitialDelay: time.Millisecond}

// openRepository opens the repository with defaults that suit tests.
func openRepository(t testing.TB, opts Options) *Repository {
	t.Helper()
	if opts.CacheDir == "" {
		opts.CacheDir = t.TempDir()
	}
	opts.retry = testRetry
	if opts.Timeout == 0 {
		opts.Timeout = 5 * time.Minute // a busy machine starts sshd slowly
	}
	r, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// endpoint is one way to access a repository.
type endpoint struct {
	name     string
	protocol string // the protocol that Tip detects
	open     func(t *testing.T, repo *gittest.Repo, branch string) *Repository
}

// endpoints returns all ways to access a repository. Tests expect the same result from each.
func endpoints() []endpoint {
	https := func(v0 bool) func(*testing.T, *gittest.Repo, string) *Repository {
		return func(t *testing.T, repo *gittest.Repo, branch string) *Repository {
			server := gittest.ServeTLS(t, repo)
			server.Username, server.Password, server.OnlyV0 = "ann@example.com", "p@ss:w/rd", v0
			return openRepository(t, Options{URL: server.URLWithPassword(), Branch: branch, rootCAs: server.CA()})
		}
	}
	ssh := func(v0 bool) func(*testing.T, *gittest.Repo, string) *Repository {
		return func(t *testing.T, repo *gittest.Repo, branch string) *Repository {
			server := gittest.ServeSSH(t, repo, v0)
			return openRepository(t, Options{URL: server.URL, Branch: branch, KnownHosts: []string{server.KnownHosts},
				Credentials: gitwire.Credentials{KeyFile: server.KeyFile}})
		}
	}
	local := func(url func(*gittest.Repo) string) func(*testing.T, *gittest.Repo, string) *Repository {
		return func(t *testing.T, repo *gittest.Repo, branch string) *Repository {
			return openRepository(t, Options{URL: url(repo), Branch: branch})
		}
	}
	return []endpoint{
		{"https v2", gitwire.ProtocolV2, https(false)},
		{"https v0", gitwire.ProtocolV0, https(true)},
		{"ssh v2", gitwire.ProtocolV2, ssh(false)},
		{"ssh v0", gitwire.ProtocolV0, ssh(true)},
		{"bare", ProtocolLocal, local(func(r *gittest.Repo) string { return r.Dir })},
		{"file", ProtocolLocal, local(func(r *gittest.Repo) string { return "file://" + r.Dir })},
		{"work tree", ProtocolLocal, local(func(r *gittest.Repo) string { return r.Work })},
	}
}

func TestTipAndFetch(t *testing.T) {
	t.Parallel()
	for _, endpoint := range endpoints() {
		t.Run(endpoint.name, func(t *testing.T) {
			t.Parallel()
			repo := gittest.New(t)
			first := repo.Commit("first", map[string]string{"a": "1"})
			repo.Git("push", "-q", "origin", "HEAD:refs/heads/main2", "HEAD:refs/heads/other", "HEAD:refs/pull/1/head")
			want := repo.Commit("Second one\n\nwith a body", map[string]string{"env/tokyo/main.tf": "a", "run.sh": "#!/bin/sh\n"})
			r := endpoint.open(t, repo, "")
			for _, protocol := range []string{"", endpoint.protocol} {
				tip, err := r.Tip(t.Context(), protocol)
				if err != nil || tip != (Tip{want, endpoint.protocol}) {
					t.Fatalf("Tip(%q) = %v, %v; want %s by %s", protocol, tip, err, want, endpoint.protocol)
				}
			}
			commit, err := r.Fetch(t.Context(), want)
			if err != nil {
				t.Fatal(err)
			}
			defer commit.Close()
			if commit.ID != want || commit.Subject != "Second one" || commit.Author != "Ann Author <ann@example.com>" ||
				len(commit.Parents) != 1 || commit.Parents[0] != first || commit.CommittedAt.Unix() != 1767225600+120 {
				t.Errorf("commit is %+v", commit)
			}
			for path, object := range map[string]string{"env": "040000:", "env/tokyo/main.tf": "100644:", "run.sh": "100755:"} {
				if got, want := commit.Tree.ID(path), object+repo.Git("rev-parse", string(want)+":"+path); got != want {
					t.Errorf("ID(%s) = %s, want %s", path, got, want)
				}
			}
			if id, err := r.Resolve(t.Context(), "main"); id != want || err != nil {
				t.Errorf("Resolve(main) = %s, %v", id, err)
			}
			if id, err := r.Resolve(t.Context(), string(first)); id != first || err != nil {
				t.Errorf("Resolve(%s) = %s, %v", first, id, err)
			}
		})
	}
}

func TestContains(t *testing.T) {
	t.Parallel()
	for _, endpoint := range endpoints() {
		t.Run(endpoint.name, func(t *testing.T) {
			t.Parallel()
			repo := gittest.New(t)
			root := repo.Commit("root", map[string]string{"a": "1"})
			second := repo.Commit("second", map[string]string{"a": "2"})
			third := repo.Commit("third", map[string]string{"a": "3"})
			repo.Git("checkout", "-q", "-b", "side", string(root))
			side := repo.Commit("side", map[string]string{"b": "1"})
			repo.Git("checkout", "-q", "main")
			repo.Git("merge", "-q", "--no-edit", "side")
			merge := repo.Push()
			r := endpoint.open(t, repo, "")
			check := func(what string, tip, old commitid.ID, want bool) {
				t.Helper()
				yes, known, err := r.Contains(t.Context(), tip, old)
				if yes != want || !known || err != nil {
					t.Errorf("%s: contains = %v, known %v, %v; want %v", what, yes, known, err, want)
				}
			}
			check("itself", merge, merge, true)
			check("first parent", merge, third, true)
			check("second parent", merge, side, true)
			check("far below", merge, root, true)
			check("no such commit", merge, "0123456789012345678901234567890123456789", false)

			repo.Reset(third)
			check("forced back", third, merge, false)
			check("forced back, below", third, second, true)
			amended := repo.Amend("third again", map[string]string{"a": "4"})
			check("amended: same parent", amended, third, false)
			check("amended, below", amended, second, true)
			repo.Reset(root)
			repo.Commit("new root", map[string]string{"c": "1"})
			rewritten := repo.Commit("new root 2", map[string]string{"c": "2"})
			check("rewritten", rewritten, amended, false)
			check("rewritten: the shared root", rewritten, root, true)
			check("reverted to", repo.Revert("HEAD"), rewritten, true)
		})
	}
}

func TestBranchFailures(t *testing.T) {
	t.Parallel()
	for _, endpoint := range endpoints() {
		t.Run(endpoint.name, func(t *testing.T) {
			t.Parallel()
			empty := gittest.New(t)
			_, err := endpoint.open(t, empty, "").Tip(t.Context(), "")
			if !errors.Is(err, gitwire.ErrEmpty) || !strings.Contains(err.Error(), "push a commit") {
				t.Error(err)
			}
			repo := gittest.New(t)
			repo.Commit("first", map[string]string{"a": "1"})
			repo.Git("push", "-q", "origin", "HEAD:refs/heads/prod2")
			repo.Git("branch", "-q", "prod2")
			_, err = endpoint.open(t, repo, "prod").Tip(t.Context(), "")
			if !errors.Is(err, gitwire.ErrNoBranch) || !strings.Contains(err.Error(), `"prod"`) || !strings.Contains(err.Error(), "main, prod2") {
				t.Error(err)
			}
		})
	}
}

func TestBranchNames(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"a b", "a..b", "-x\n", "a\nb", "a~1", "/a", "a.lock", "@{x"} {
		if _, err := Open(Options{URL: "https://example.com/a", Branch: bad}); !errors.Is(err, gitwire.ErrNoBranch) {
			t.Errorf("branch %q: %v", bad, err)
		}
	}
}

func TestCredentialsPrintRedacted(t *testing.T) {
	t.Parallel()
	c := gitwire.Credentials{Username: "ann", Password: "s3cr3t", PrivateKey: "s3cr3t"}
	o := Options{URL: "https://example.com/a", Credentials: c}
	text, err := json.Marshal(o.Credentials)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %v %+v %#v %s %q", c, c, c, c, o, o, o, text, c) + fmt.Sprintf("%+v", r)
	if strings.Contains(shown, "s3cr3t") {
		t.Error(shown)
	}
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
