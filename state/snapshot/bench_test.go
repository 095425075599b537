package snapshot

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/reconciler/source"
)

// BenchmarkSnapshot archives a tree of 20 MB in 3,000 files, from a bare repository that
// was not opened before, into a file. It does the same with Git's and zstd's own
// programs, and puts the tree into a store, which waits for the disk.
func BenchmarkSnapshot(b *testing.B) {
	repo := makeBareRepository(b)
	b.Run("archive", func(b *testing.B) {
		for b.Loop() {
			c := fetchTip(b, repo)
			archive, err := newBlob(b.TempDir(), func(w io.Writer) error { return packArchive(b.Context(), w, c.Tree, c.CommittedAt, nil) })
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(archive.size)/1e6, "MB")
			archive.close()
		}
	})
	b.Run("git archive, zstd -3", func(b *testing.B) {
		for b.Loop() {
			out := filepath.Join(b.TempDir(), "tar.zst")
			cmd := exec.CommandContext(b.Context(), "sh", "-c", `git -C "$0" archive main | zstd -3 -q -o "$1"`, repo, out)
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
			info, err := os.Stat(out)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.Size())/1e6, "MB")
		}
	})
	b.Run("put", func(b *testing.B) {
		for b.Loop() {
			store, err := Open(b.Context(), b.TempDir(), aws.Config{})
			if err != nil {
				b.Fatal(err)
			}
			c := fetchTip(b, repo)
			objects, err := c.Objects(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if _, err := store.Put(b.Context(), c.ID, c.CommittedAt, c.Tree, objects); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func fetchTip(b *testing.B, repo string) *source.Commit {
	b.Helper()
	r, err := source.Open(source.Options{URL: repo, Branch: "main", CacheDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	tip, err := r.Tip(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	c, err := r.Fetch(b.Context(), tip.Commit)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// makeBareRepository makes a repository with one commit whose text is like that of a real
// repository: it compresses about four to one.
func makeBareRepository(b *testing.B) string {
	b.Helper()
	work, bare := b.TempDir(), filepath.Join(b.TempDir(), "repo.git")
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("resource variable module output aws_instance description tags name count type string default = { } \" environment subnet_id vpc_id security_group for_each local each.value")
	for i := range 3000 {
		dir := filepath.Join(work, fmt.Sprintf("modules/m%03d", i%300))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		var text bytes.Buffer
		for text.Len() < 6700 {
			if random.IntN(4) == 0 {
				fmt.Fprintf(&text, "%x ", random.Uint64())
			}
			fmt.Fprintf(&text, "  %s %s\n", words[random.IntN(len(words))], words[random.IntN(len(words))])
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d.tf", i)), text.Bytes(), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main", work}, {"-C", work, "add", "."},
		{"-C", work, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "x"},
		{"clone", "-q", "--bare", "--no-local", work, bare},
	} {
		if out, err := exec.CommandContext(b.Context(), "git", args...).CombinedOutput(); err != nil {
			b.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return bare
}
