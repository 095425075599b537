package gittest

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"reconcile/internal/commitid"
)

// WriteObject writes an object with arbitrary content to the bare repository and returns its
// id. Git's own programs refuse to write unusual objects.
func (r *Repo) WriteObject(kind string, data []byte) string {
	r.t.Helper()
	text := append(fmt.Appendf(nil, "%s %d\x00", kind, len(data)), data...)
	sum := sha1.Sum(text)
	id := hex.EncodeToString(sum[:])
	dir := filepath.Join(r.Dir, "objects", id[:2])
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, err := z.Write(text)
	if err := errors.Join(err, z.Close(), os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, id[2:]), packed.Bytes(), 0o644)); err != nil {
		r.t.Fatal(err)
	}
	return id
}

// Entry is an entry of a tree object. Mode is in octal digits, as Git writes it.
type Entry struct{ Mode, Name, ID string }

// WriteTree writes a tree object with these entries in this order.
func (r *Repo) WriteTree(entries ...Entry) string {
	r.t.Helper()
	var data []byte
	for _, e := range entries {
		id, err := hex.DecodeString(e.ID)
		if err != nil {
			r.t.Fatal(err)
		}
		data = append(fmt.Appendf(data, "%s %s\x00", e.Mode, e.Name), id...)
	}
	return r.WriteObject("tree", data)
}

// CommitTree commits a tree object, points the branch to the commit, and returns its id.
func (r *Repo) CommitTree(tree string) commitid.ID {
	r.t.Helper()
	const who = "Ann Author <ann@example.com> 1767225600 +0000"
	id := r.WriteObject("commit", fmt.Appendf(nil, "tree %s\nauthor %s\ncommitter %s\n\nodd\n", tree, who, who))
	if err := os.WriteFile(filepath.Join(r.Dir, "refs", "heads", "main"), []byte(id+"\n"), 0o644); err != nil {
		r.t.Fatal(err)
	}
	return commitid.ID(id)
}
