package snapshot

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkSnapshot packs a tree of 20 MB in 3,000 files from a bare
// repository on the disk, against git archive | zstd -3.
func BenchmarkSnapshot(b *testing.B) {
	work, repo := bareRepository(b)
	b.Run("reconcile", func(b *testing.B) {
		for b.Loop() {
			var out counter
			if err := pack(b.Context(), &out, os.DirFS(work).(Tree), time.Unix(1_700_000_000, 0)); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(out)/1e6, "MB")
		}
	})
	b.Run("git-archive-zstd", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.CommandContext(b.Context(), "sh", "-c", "git -C "+repo+" archive main | zstd -3 -q")
			var out counter
			cmd.Stdout = &out
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(out)/1e6, "MB")
		}
	})
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// bareRepository makes a repository whose one commit is like an estate's
// code: text that compresses about four to one.
func bareRepository(b *testing.B) (work, bare string) {
	b.Helper()
	work, bare = b.TempDir(), filepath.Join(b.TempDir(), "repo.git")
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
		{"init", "-q", "-b", "main", "--separate-git-dir", filepath.Join(b.TempDir(), "git"), work}, {"-C", work, "add", "."},
		{"-C", work, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "x"},
		{"clone", "-q", "--bare", "--no-local", work, bare},
	} {
		if out, err := exec.CommandContext(b.Context(), "git", args...).CombinedOutput(); err != nil {
			b.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	if err := os.Remove(filepath.Join(work, ".git")); err != nil {
		b.Fatal(err)
	}
	return work, bare
}
