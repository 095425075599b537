package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gittest"
	"reconcile/state/snapshot"
)

// BenchmarkSnapshot stores a tree of 20 MB in 3,000 files from a repository
// that was not opened before, next to git archive and zstd. Both end when what
// they wrote is on the disk.
func BenchmarkSnapshot(b *testing.B) {
	repo := newTextRepo(b)
	compareCosts(b, bound{wall: 1.3, cpu: 1.15},
		func() cost { return runInProcess(b, func() error { return storeSnapshot(b, repo.Dir) }) },
		func() cost {
			const script = `git -C "$0" archive main | zstd -3 -q -o "$1" && sync "$1"`
			cmd := exec.Command("sh", "-c", script, repo.Dir, filepath.Join(b.TempDir(), "tar.zst"))
			cmd.Env = cleanEnv()
			return runProcess(b, 0, cmd)
		})
}

func storeSnapshot(b *testing.B, dir string) error {
	ctx := b.Context()
	repo, err := source.Open(source.Options{URL: dir, Branch: "main", CacheDir: b.TempDir()})
	if err != nil {
		return err
	}
	tip, err := repo.Tip(ctx, "")
	if err != nil {
		return err
	}
	commit, err := repo.Fetch(ctx, tip.Commit)
	if err != nil {
		return err
	}
	defer commit.Close()
	snapshots, err := snapshot.Open(ctx, b.TempDir(), aws.Config{})
	if err != nil {
		return err
	}
	objects, err := commit.Objects(ctx)
	if err == nil {
		_, err = snapshots.Put(ctx, commit.ID, commit.CommittedAt, commit.Tree, objects)
	}
	return err
}

// newTextRepo makes a packed repository of text like an estate's code, which
// compresses about four to one.
func newTextRepo(b *testing.B) *gittest.Repo {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("resource variable module output aws_instance description tags name count type string default = { } \" environment subnet_id vpc_id security_group for_each local each.value")
	tree := map[string]string{}
	for i := range 3000 {
		var text bytes.Buffer
		for text.Len() < 6700 {
			if random.IntN(4) == 0 {
				fmt.Fprintf(&text, "%x ", random.Uint64())
			}
			fmt.Fprintf(&text, "  %s %s\n", words[random.IntN(len(words))], words[random.IntN(len(words))])
		}
		tree[fmt.Sprintf("modules/m%03d/f%d.tf", i%300, i)] = text.String()
	}
	repo := gittest.New(b)
	repo.Commit("text", tree)
	gittest.Git(b, repo.Dir, "gc", "-q")
	return repo
}
