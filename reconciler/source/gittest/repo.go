// Package gittest creates Git repositories and serves them for tests: over HTTP with git's
// own http-backend, over SSH with OpenSSH's sshd.
package gittest

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"reconcile/internal/commitid"
)

// Repo is a bare repository with a work tree for new commits. Commits of the same files in
// the same order have the same ids in every run.
type Repo struct {
	// Dir is the bare repository, for servers and other readers.
	Dir string
	// Work is the work tree; its remote is Dir.
	Work string

	t           testing.TB
	commitCount int
}

// New creates an empty repository with the branch main.
func New(t testing.TB) *Repo {
	t.Helper()
	return newIn(t, filepath.Join(t.TempDir(), "repo.git"))
}

// newIn creates an empty repository in dir, which must not exist.
func newIn(t testing.TB, dir string) *Repo {
	t.Helper()
	r := &Repo{Dir: dir, Work: filepath.Join(t.TempDir(), "work"), t: t}
	Git(t, ".", "init", "-q", "--bare", "-b", "main", r.Dir)
	Git(t, ".", "init", "-q", "-b", "main", r.Work)
	r.Git("remote", "add", "origin", r.Dir)
	// A push does not pass on the settings of gitEnv.
	config, err := os.OpenFile(filepath.Join(r.Dir, "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = config.WriteString("[receive]\n\tautogc = false\n[core]\n\tfsync = none\n")
		err = errors.Join(err, config.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Name returns the name of the bare repository's directory.
func (r *Repo) Name() string { return filepath.Base(r.Dir) }

// Git runs git in the work tree and returns its output, trimmed.
func (r *Repo) Git(args ...string) string {
	r.t.Helper()
	return Git(r.t, r.Work, args...)
}

// Git runs git in dir and returns its output, trimmed. It uses a fixed identity and time, and
// ignores the user's settings.
func Git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return runGit(t, dir, "2026-01-01T00:00:00Z", args...)
}

func runGit(t testing.TB, dir, date string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(gitEnv(),
		"GIT_AUTHOR_NAME=Ann Author", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_AUTHOR_DATE="+date,
		"GIT_COMMITTER_NAME=Ann Author", "GIT_COMMITTER_EMAIL=ann@example.com", "GIT_COMMITTER_DATE="+date)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s(git is needed: apt-get install git)", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// gitEnv returns this process's environment without Git's, the user's and the system's
// settings. Git neither waits for the disk nor looks whether to pack.
func gitEnv() []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "GIT_") })
	return append(env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=core.fsync", "GIT_CONFIG_VALUE_0=none",
		"GIT_CONFIG_KEY_1=maintenance.auto", "GIT_CONFIG_VALUE_1=false")
}

// Commit writes the files, commits the work tree and pushes it to the bare repository. It
// returns the commit id. files maps paths to contents: "" removes the file, "-> TARGET"
// creates a symlink, and a content that starts with "#!" becomes an executable.
func (r *Repo) Commit(message string, files map[string]string) commitid.ID {
	r.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		r.write(name, files[name])
	}
	r.Git("add", "-A")
	return r.CommitStaged(message)
}

// CommitTxtar commits the files of a txtar archive.
func (r *Repo) CommitTxtar(message, archive string) commitid.ID {
	r.t.Helper()
	files := map[string]string{}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		files[f.Name] = string(f.Data)
	}
	return r.Commit(message, files)
}

// CommitStaged commits and pushes what is staged. Each commit is one minute later than the
// previous one.
func (r *Repo) CommitStaged(message string) commitid.ID {
	r.t.Helper()
	r.commitCount++
	runGit(r.t, r.Work, r.commitDate(), "commit", "-q", "--allow-empty", "-m", message)
	return r.Push()
}

// Push points the bare repository's branch to the work tree's commit, by force, and returns
// the commit id.
func (r *Repo) Push() commitid.ID {
	r.t.Helper()
	commit := commitid.ID(r.Git("rev-parse", "HEAD"))
	r.linkObjects()
	Git(r.t, r.Dir, "update-ref", r.Git("symbolic-ref", "HEAD"), string(commit))
	return commit
}

// linkObjects gives the bare repository the objects of the work tree, as hard links. A push
// does the same with six processes.
func (r *Repo) linkObjects() {
	from, to := filepath.Join(r.Work, ".git", "objects"), filepath.Join(r.Dir, "objects")
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if err := os.Link(path, target); !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// Reset moves the branch to rev, as a force-push does.
func (r *Repo) Reset(rev commitid.ID) commitid.ID {
	r.t.Helper()
	r.Git("reset", "-q", "--hard", string(rev))
	return r.Push()
}

// Amend replaces the last commit by one with these files added.
func (r *Repo) Amend(message string, files map[string]string) commitid.ID {
	r.t.Helper()
	r.Git("reset", "-q", "--hard", "HEAD~1")
	return r.Commit(message, files)
}

// Revert commits the reverse of rev.
func (r *Repo) Revert(rev string) commitid.ID {
	r.t.Helper()
	r.commitCount++
	runGit(r.t, r.Work, r.commitDate(), "revert", "--no-edit", rev)
	return r.Push()
}

func (r *Repo) commitDate() string {
	const start = 1767225600 // 2026-01-01
	return "@" + strconv.Itoa(start+60*r.commitCount) + " +0000"
}

func (r *Repo) write(name, content string) {
	r.t.Helper()
	path := filepath.Join(r.Work, filepath.FromSlash(name))
	err := os.RemoveAll(path)
	if err == nil && content != "" {
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			err = writeFile(path, content)
		}
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func writeFile(path, content string) error {
	if target, ok := strings.CutPrefix(content, "-> "); ok {
		return os.Symlink(target, path)
	}
	mode := os.FileMode(0o644)
	if strings.HasPrefix(content, "#!") {
		mode = 0o755
	}
	return os.WriteFile(path, []byte(content), mode)
}

// PackOf returns a pack with exactly these objects.
func PackOf(t testing.TB, r *Repo, objects ...string) []byte {
	t.Helper()
	cmd := exec.Command("git", "pack-objects", "--stdout", "-q")
	cmd.Dir, cmd.Env = r.Work, gitEnv()
	cmd.Stdin = strings.NewReader(strings.Join(objects, "\n") + "\n")
	pack, err := cmd.Output()
	if err != nil {
		t.Fatalf("git pack-objects: %v", err)
	}
	return pack
}
