package quickstart

import (
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// The quickstart commits without git, which may not be installed.

func initRepository(dir string) (*git.Repository, error) {
	return git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("main")},
	})
}

func openRepository(dir string) (*git.Repository, error) { return git.PlainOpen(dir) }

// commitAll commits the whole work tree.
func commitAll(repository *git.Repository, message string) error {
	tree, err := repository.Worktree()
	if err != nil {
		return err
	}
	if err := tree.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		return err
	}
	_, err = tree.Commit(message, &git.CommitOptions{
		Author: &object.Signature{Name: "You", Email: "you@example.com", When: time.Now()},
	})
	return err
}
