package odb

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"reconcile/internal/files"
)

// WritePack writes a received pack and its index into the object store in the directory dir
// ("….git/objects"), and syncs both to disk. An object of any size needs little memory;
// go-git's own writer holds each object whole. It returns an error for a pack that is damaged,
// or whose deltas need objects that it does not have.
func WritePack(ctx context.Context, dir string, data io.Reader) (err error) {
	dir = filepath.Join(dir, "pack")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, "received-")
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	r := &receivedPack{file: file, pack: &pack{path: file.Name(), offsets: map[plumbing.Hash]int64{}}}
	if err := r.copy(ctx, data); err != nil {
		return err
	}
	if err := r.resolveDeltas(ctx); err != nil {
		return err
	}
	path := filepath.Join(dir, "pack-"+r.checksum.String())
	if err := r.writeIndex(path + ".idx"); err != nil {
		return err
	}
	if err := errors.Join(file.Chmod(0o400), file.Sync(), os.Rename(file.Name(), path+".pack")); err != nil {
		return err
	}
	return files.Sync(dir)
}

// receivedPack is a pack that has no index yet.
type receivedPack struct {
	file     *os.File
	pack     *pack
	objects  []receivedObject // in the order of their offsets
	checksum plumbing.Hash    // the last bytes of the pack
}

type receivedObject struct {
	id     plumbing.Hash // zero for a delta that is not yet resolved
	offset int64
	crc    uint32 // of the compressed bytes
}

// copy writes the pack to its file, and lists its objects as they pass. It computes the ids of
// all but deltas.
func (r *receivedPack) copy(ctx context.Context, data io.Reader) error {
	file := bufio.NewWriterSize(r.file, 1<<16)
	passing := io.TeeReader(data, file)
	scanner := packfile.NewScanner(passing)
	_, count, err := scanner.Header()
	if err != nil {
		return err
	}
	for range count {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.list(scanner); err != nil {
			return explainDamage(err)
		}
	}
	if r.checksum, err = scanner.Checksum(); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, passing); err != nil {
		return err
	}
	if err := file.Flush(); err != nil {
		return err
	}
	if r.pack.data, err = mapFile(r.file.Name()); err != nil {
		return err
	}
	return catchFaults(func() error {
		if !bytes.HasSuffix(r.pack.data.data, r.checksum[:]) {
			return errors.New("damaged: bytes follow the pack")
		}
		return nil
	})
}

// list adds the next object of the scanner to the list.
func (r *receivedPack) list(scanner *packfile.Scanner) error {
	head, err := scanner.NextObjectHeader()
	if err != nil {
		return err
	}
	hasher := plumbing.NewHasher(head.Type, head.Length)
	length, crc, err := scanner.NextObject(hasher)
	if err != nil {
		return err
	}
	if length != head.Length {
		return errors.New("damaged: object shorter than its head says")
	}
	object := receivedObject{offset: head.Offset, crc: crc}
	if !isDelta(head.Type) {
		object.id = hasher.Sum()
		r.pack.offsets[object.id] = object.offset
	}
	r.objects = append(r.objects, object)
	return nil
}

// resolveDeltas computes the ids of the deltas. A delta may name its base by an id that only
// another delta gives, so it repeats until nothing is left.
func (r *receivedPack) resolveDeltas(ctx context.Context) error {
	store := &Store{} // has the cache of bases only
	for left := -1; left != 0; {
		before, missing := left, error(nil)
		left = 0
		for i := range r.objects {
			object := &r.objects[i]
			if !object.id.IsZero() {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			id, err := r.computeID(ctx, store, object.offset)
			if errors.Is(err, ErrNotFound) {
				missing = err
				left++
				continue
			}
			if err != nil {
				return err
			}
			object.id = id
			r.pack.offsets[id] = object.offset
		}
		if left == before {
			return missing
		}
	}
	return nil
}

// computeID computes the id of the delta at offset.
func (r *receivedPack) computeID(ctx context.Context, store *Store, offset int64) (plumbing.Hash, error) {
	made, err := (&resolution{ctx: ctx, store: store, pack: r.pack, limit: maxSpooled}).resolve(offset, 0)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	defer made.Close()
	hasher := plumbing.NewHasher(made.kind, made.size)
	_, err = io.Copy(&limitWriter{ctx, hasher, made.size}, made.section(0, made.size))
	return hasher.Sum(), err
}

func (r *receivedPack) writeIndex(path string) error {
	var w idxfile.Writer
	if err := w.OnHeader(uint32(len(r.objects))); err != nil {
		return err
	}
	for _, object := range r.objects {
		if err := w.OnInflatedObjectContent(object.id, object.offset, object.crc, nil); err != nil {
			return err
		}
	}
	if err := w.OnFooter(r.checksum); err != nil {
		return err
	}
	index, err := w.Index()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o400)
	if err != nil {
		return err
	}
	_, err = idxfile.NewEncoder(file).Encode(index)
	return errors.Join(err, file.Sync(), file.Close())
}
