package source

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/gitwire"
)

// newContentRepo returns a repository whose pack is about 100 kB, and a server.
func newContentRepo(t *testing.T) (*gittest.Repo, *gittest.HTTP, commitid.ID) {
	t.Helper()
	repo := gittest.New(t)
	files := map[string]string{}
	for i := range 50 {
		text := ""
		for k := range 200 {
			text += fmt.Sprintf("%x", sha256.Sum256([]byte(fmt.Sprint(i, k))))[:32]
		}
		files[fmt.Sprintf("dir%d/file%d", i%7, i)] = text
	}
	id := repo.Commit("first", files)
	return repo, gittest.ServeHTTP(t, repo), id
}

func fetch(t *testing.T, r *Repository, id commitid.ID) *Commit {
	t.Helper()
	commit, err := r.Fetch(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { commit.Close() })
	return commit
}

func TestFetchIsCached(t *testing.T) {
	t.Parallel()
	_, server, id := newContentRepo(t)
	cache := t.TempDir()
	fetch(t, openRepository(t, Options{URL: server.URL, CacheDir: cache}), id)
	fetch(t, openRepository(t, Options{URL: server.URL, CacheDir: cache}), id)
	if n := server.Requests.Load(); n != 1 {
		t.Errorf("%d requests for one commit", n)
	}
}

// TestFetchRetries: transient failures are retried, and a failed try leaves nothing.
func TestFetchRetries(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*gittest.HTTP){
		"500s": func(s *gittest.HTTP) {
			s.Fault = gittest.FirstRequests(2, gittest.RespondStatus(http.StatusInternalServerError))
		},
		"too many requests": func(s *gittest.HTTP) {
			s.Fault = gittest.FirstRequests(2, gittest.RespondStatus(http.StatusTooManyRequests))
		},
		"cut in the pack":  func(s *gittest.HTTP) { s.CutAfter, s.MaxCuts = 50_000, 2 },
		"cut at the start": func(s *gittest.HTTP) { s.CutAfter, s.MaxCuts = 10, 2 },
	} {
		t.Run(name, func(t *testing.T) {
			_, server, id := newContentRepo(t)
			fail(server)
			cache := t.TempDir()
			fetch(t, openRepository(t, Options{URL: server.URL, CacheDir: cache}), id)
			if n := server.Requests.Load(); n != 3 {
				t.Errorf("%d requests, want 3", n)
			}
			if partials, _ := filepath.Glob(filepath.Join(cache, "*", tmpPrefix+"*")); len(partials) > 0 {
				t.Errorf("left behind: %v", partials)
			}
		})
	}
}

func TestNoRetryOfPermanentErrors(t *testing.T) {
	t.Parallel()
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound} {
		_, server, id := newContentRepo(t)
		server.Fault = gittest.RespondStatus(code)
		r := openRepository(t, Options{URL: server.URL})
		if _, err := r.Tip(t.Context(), gitwire.ProtocolV2); err == nil || isTransient(err) {
			t.Errorf("%d: %v", code, err)
		}
		if _, err := r.Fetch(t.Context(), id); err == nil || isTransient(err) {
			t.Errorf("%d: %v", code, err)
		}
		if n := server.Requests.Load(); n != 2 {
			t.Errorf("%d: %d requests for two questions", code, n)
		}
	}
}

func TestTimeoutInThePack(t *testing.T) {
	t.Parallel()
	_, server, id := newContentRepo(t)
	server.Fault = func(w http.ResponseWriter, r *http.Request, n int) bool {
		w.Header().Set("Content-Type", gittest.PackMediaType)
		fmt.Fprintf(w, "0034shallow %s0000", id)
		_ = http.NewResponseController(w).Flush()
		return gittest.NeverAnswer(w, r, n)
	}
	_, err := openRepository(t, Options{URL: server.URL, Timeout: 50 * time.Millisecond}).Fetch(t.Context(), id)
	if !errors.Is(err, gitwire.ErrTimeout) || !isTransient(err) {
		t.Error(err)
	}
}

// TestIncompletePack: an incomplete or damaged pack is refused.
func TestIncompletePack(t *testing.T) {
	t.Parallel()
	repo, server, id := newContentRepo(t)
	other := repo.Commit("second", map[string]string{"another": "file"})
	var response []byte
	server.Fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.Header().Set("Content-Type", gittest.PackMediaType)
		_, _ = w.Write(response)
		return true
	}
	// A pack of the tip without its blobs.
	pack := gittest.PackOf(t, repo, string(other), repo.Git("rev-parse", string(other)+"^{tree}"))
	response = gittest.PackResponse(other, pack)
	r := openRepository(t, Options{URL: server.URL})
	if _, err := r.Fetch(t.Context(), other); !errors.Is(err, gitwire.ErrUnavailable) || !strings.Contains(err.Error(), "incomplete commit") {
		t.Errorf("without blobs: %v", err)
	}
	if _, err := r.Fetch(t.Context(), id); err == nil {
		t.Error("the pack of another commit was taken")
	}
	response = gittest.PackResponse(other, pack[:len(pack)-5])
	if _, err := r.Fetch(t.Context(), other); err == nil {
		t.Error("a pack without its end was taken")
	}
	pack[len(pack)/2] ^= 0xff
	response = gittest.PackResponse(other, pack)
	if _, err := r.Fetch(t.Context(), other); err == nil {
		t.Error("a damaged pack was taken")
	}
}

// TestFetchConcurrently: concurrent fetches share one cache.
func TestFetchConcurrently(t *testing.T) {
	t.Parallel()
	repo, server, _ := newContentRepo(t)
	cache := t.TempDir()
	var ids []commitid.ID
	for i := range 4 {
		ids = append(ids, repo.Commit("next", map[string]string{"n": fmt.Sprint(i)}))
	}
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			id := ids[i%len(ids)]
			commit, err := openRepository(t, Options{URL: server.URL, CacheDir: cache}).Fetch(t.Context(), id)
			if err != nil {
				t.Error(err)
				return
			}
			defer commit.Close()
			if data, err := commit.Tree.ReadFile("n"); string(data) != fmt.Sprint(i%len(ids)) {
				t.Errorf("n is %q, %v", data, err)
			}
		})
	}
	all.Wait()
}

func TestCacheKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	repo, server, _ := newContentRepo(t)
	cache := t.TempDir()
	r := openRepository(t, Options{URL: server.URL, CacheDir: cache})
	var ids []commitid.ID
	for i := range 5 {
		id := repo.Commit("next", map[string]string{"n": fmt.Sprint(i)})
		ids = append(ids, id)
		commit := fetch(t, r, id)
		if i != 0 { // the first stays in use
			commit.Close()
		}
	}
	entries, err := os.ReadDir(cacheDir(cache, r.Name()))
	if err != nil {
		t.Fatal(err)
	}
	var cached []commitid.ID
	for _, e := range entries {
		cached = append(cached, commitid.ID(e.Name()))
	}
	slices.Sort(cached)
	want := []commitid.ID{ids[0], ids[3], ids[4]}
	slices.Sort(want)
	if !slices.Equal(cached, want) {
		t.Errorf("kept %v, want the first (in use) and the newest two, %v", cached, want)
	}
}

// TestCacheRepairs: a damaged commit in the cache is fetched again.
func TestCacheRepairs(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(dir string) error{
		"no index": func(dir string) error {
			names, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.idx"))
			return errors.Join(err, os.Remove(names[0]))
		},
		"no objects": func(dir string) error { return os.RemoveAll(filepath.Join(dir, "objects")) },
		"nothing":    func(dir string) error { return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)) },
		"cut index": func(dir string) error {
			names, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.idx"))
			return errors.Join(err, os.Chmod(names[0], 0o600), os.Truncate(names[0], 1100))
		},
		"a flipped byte": func(dir string) error {
			names, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
			if err != nil {
				return err
			}
			return flipByte(names[0])
		},
		"cut pack": func(dir string) error {
			names, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
			return errors.Join(err, os.Chmod(names[0], 0o600), os.Truncate(names[0], 13))
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, server, id := newContentRepo(t)
			cache := t.TempDir()
			r := openRepository(t, Options{URL: server.URL, CacheDir: cache})
			fetch(t, r, id).Close()
			if err := damage(filepath.Join(cacheDir(cache, r.Name()), string(id))); err != nil {
				t.Fatal(err)
			}
			tree := fetch(t, r, id).Tree
			if err := errors.Join(tree.CheckConnected(), checkPacks(filepath.Join(cacheDir(cache, r.Name()), string(id)))); err != nil {
				t.Error(err)
			}
		})
	}
}

// flipByte changes a byte of the last file in a pack.
func flipByte(name string) error {
	pack, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	pack[len(pack)-30] ^= 1 // before the pack's checksum
	return errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, pack, 0o600))
}

func TestFetchRefusesShortIDs(t *testing.T) {
	t.Parallel()
	_, server, id := newContentRepo(t)
	r := openRepository(t, Options{URL: server.URL})
	for _, bad := range []commitid.ID{"", id[:39], id + "0", "main", commitid.ID(strings.Repeat("g", 40))} {
		if _, err := r.Fetch(t.Context(), bad); !errors.Is(err, gitwire.ErrRevision) {
			t.Errorf("Fetch(%q): %v", bad, err)
		}
	}
	if server.Requests.Load() != 0 {
		t.Error("the remote was asked")
	}
}

// isTransient reports whether a later try may succeed.
func isTransient(err error) bool {
	var e *gitwire.Error
	return errors.As(err, &e) && e.Transient
}
