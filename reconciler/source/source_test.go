package source

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"reconcile/reconciler/source/gittest"
)

// open opens the repository with defaults that suit tests.
func open(t testing.TB, opts Options) *Repository {
	t.Helper()
	if opts.Cache == "" {
		opts.Cache = t.TempDir()
	}
	r, err := Open(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestThin(t *testing.T) {
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"env/tokyo/main.tf": "a", "modules/vpc/main.tf": "b", "run.sh": "#!/bin/sh\n", "env/link": "-> tokyo"})
	for _, v0 := range []bool{false, true} {
		server := gittest.ServeHTTP(t, repo)
		server.Username, server.Password, server.V0 = "u", "p", v0
		for _, url := range []string{server.WithPassword(), repo.Dir, "file://" + repo.Dir} {
			r := open(t, Options{URL: url})
			tip, err := r.Tip(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			t.Log(r.URL(), r.Name(), tip, server.Requests.Load(), server.Up.Load(), server.Down.Load())
			if tip.Commit != id {
				t.Fatal(tip, id)
			}
			c, err := r.Fetch(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(c.Tree.ID("env/tokyo"), c.Tree.ID("env/link"), c.Tree.ID("env/link/main.tf"), c.Tree.ID("nix"))
			dir := filepath.Join(t.TempDir(), "out")
			if err := c.Tree.Checkout(t.Context(), dir, nil); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(filepath.Join(dir, "env/link/main.tf"))
			t.Log(string(b), err)
			c.Close()
		}
	}
}
