package reconciler_test

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"reconcile/internal/commitid"
)

// modelRepo is a real bare repository, written without a process for each commit.
type modelRepo struct {
	dir            string
	repo           *git.Repository
	writtenObjects map[string]plumbing.Hash // objects, by kind and content
}

// modelCommit is one commit of a modelRepo.
type modelCommit struct {
	id       commitid.ID
	number   int
	tree     modelTree
	idByPath map[string]string // of every path, as traces have them
}

func newModelRepo(t *testing.T) *modelRepo {
	r := &modelRepo{dir: t.TempDir(), writtenObjects: map[string]plumbing.Hash{}}
	var err error
	if r.repo, err = git.PlainInit(r.dir, true); err != nil {
		t.Fatal(err)
	}
	return r
}

// stampFile holds, in every tree, the commit's number. No workspace has it as an input.
const stampFile = "stamp"

// writeCommit writes a commit with the tree's files.
func (r *modelRepo) writeCommit(e modelTree, number int, parent commitid.ID) (modelCommit, error) {
	files := e.files()
	files[stampFile] = strconv.Itoa(number)
	c := modelCommit{number: number, tree: e, idByPath: map[string]string{}}
	root, err := r.writeTree(files, ".", c.idByPath)
	if err != nil {
		return c, err
	}
	who := object.Signature{Name: "Ann Author", Email: "ann@example.com", When: time.Unix(1767225600+int64(number)*60, 0).UTC()}
	commit := &object.Commit{Author: who, Committer: who, Message: "commit " + strconv.Itoa(number), TreeHash: root}
	if parent != "" {
		commit.ParentHashes = []plumbing.Hash{plumbing.NewHash(string(parent))}
	}
	id, err := r.writeObject(plumbing.CommitObject, commit.Encode)
	c.id = commitid.ID(id.String())
	return c, err
}

// push moves a branch.
func (r *modelRepo) push(branch string, commit commitid.ID) error {
	return r.repo.Storer.SetReference(plumbing.NewHashReference(plumbing.NewBranchReferenceName(branch), plumbing.NewHash(string(commit))))
}

// writeTree writes the files below dir, and stores the ids of all entries in ids.
func (r *modelRepo) writeTree(files map[string]string, dir string, ids map[string]string) (plumbing.Hash, error) {
	var tree object.Tree
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		rest, ok := strings.CutPrefix(path.Join(".", name), dir+"/")
		if dir == "." {
			rest, ok = name, true
		}
		if !ok {
			continue
		}
		first, _, below := strings.Cut(rest, "/")
		if seen[first] {
			continue
		}
		seen[first] = true
		entry := object.TreeEntry{Name: first, Mode: filemode.Regular}
		var err error
		if below {
			entry.Mode = filemode.Dir
			entry.Hash, err = r.writeTree(files, path.Join(dir, first), ids)
		} else {
			entry.Hash, err = r.writeBlob(files[name])
		}
		if err != nil {
			return plumbing.ZeroHash, err
		}
		tree.Entries = append(tree.Entries, entry)
		ids[path.Join(dir, first)] = modeOf[entry.Mode] + ":" + entry.Hash.String()
	}
	slices.SortFunc(tree.Entries, func(a, b object.TreeEntry) int { return strings.Compare(treeSortKey(a), treeSortKey(b)) })
	return r.writeObject(plumbing.TreeObject, tree.Encode)
}

var modeOf = map[filemode.FileMode]string{filemode.Regular: "100644", filemode.Dir: "040000"}

// treeSortKey returns the name by which Git sorts an entry.
func treeSortKey(e object.TreeEntry) string {
	if e.Mode == filemode.Dir {
		return e.Name + "/"
	}
	return e.Name
}

func (r *modelRepo) writeBlob(content string) (plumbing.Hash, error) {
	return r.writeObject(plumbing.BlobObject, func(o plumbing.EncodedObject) error {
		w, err := o.Writer()
		if err != nil {
			return err
		}
		_, err = w.Write([]byte(content))
		return err
	})
}

// writeObject writes an object, once.
func (r *modelRepo) writeObject(kind plumbing.ObjectType, encode func(plumbing.EncodedObject) error) (plumbing.Hash, error) {
	o := &plumbing.MemoryObject{}
	o.SetType(kind)
	if err := encode(o); err != nil {
		return plumbing.ZeroHash, err
	}
	reader, err := o.Reader()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	var content bytes.Buffer
	if _, err := content.ReadFrom(reader); err != nil {
		return plumbing.ZeroHash, err
	}
	name := kind.String() + content.String()
	if id, ok := r.writtenObjects[name]; ok {
		return id, nil
	}
	id, err := r.repo.Storer.SetEncodedObject(o)
	r.writtenObjects[name] = id
	return id, err
}
