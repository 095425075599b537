package state

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/klauspost/compress/zstd"
)

// An item of DynamoDB holds 400 KB, which the inputs of a workspace can exceed: Git ids
// do not compress. The long fields of a large workspace are therefore compressed and
// stored in items of their own, its parts, in the transaction that writes the workspace.
const (
	minPackedBytes = 128 << 10 // size of an item from which it is packed
	maxPartText    = 340 << 10 // characters of one part
	// maxParts keeps a transaction that renames a workspace, and so moves its parts,
	// within the 4 MB that DynamoDB takes.
	maxParts = 5
	// maxUnpacked bounds what a corrupt part can make us read.
	maxUnpacked = 256 << 20
)

// packedFields is the fields of a workspace that may be long.
type packedFields struct {
	Trace           Trace    `json:"trace"`
	SensitiveHashes []string `json:"sensitive"`
}

// workspacePart is one part of a packedFields.
type workspacePart struct {
	Schema    int    `json:"schema"`
	Workspace string `json:"workspace"`
	Part      int    `json:"part"` // from 1
	Text      string `json:"text"` // a piece of base64 of zstd of JSON
}

func partKey(name string, part int) string {
	return fmt.Sprintf("%s%s#%06d", workspacePartPrefix, name, part)
}

var (
	packEncoder, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
	packDecoder, _ = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxUnpacked))
)

// pack returns ws as its item stores it, the item's value, and the parts. A small workspace has
// none.
func pack(ws Workspace) (_ Workspace, value json.RawMessage, parts []workspacePart, err error) {
	ws.Schema, ws.Parts, ws.PartsSum = Schema, 0, ""
	if value, err = encode(ws); err != nil || len(value) <= minPackedBytes {
		return ws, value, nil, err
	}
	data, err := json.Marshal(packedFields{ws.Trace, ws.SensitiveHashes})
	if err != nil {
		return ws, nil, nil, err
	}
	text := base64.StdEncoding.EncodeToString(packEncoder.EncodeAll(data, nil))
	if len(text) > maxParts*maxPartText {
		return ws, nil, nil, fmt.Errorf("%w: %w: %d inputs and %d sensitive outputs need %d KB; the record has room for %d KB: split the workspace, or reduce the files that it depends on",
			ErrNotWritten, ErrUnstorable, len(ws.Trace), len(ws.SensitiveHashes), len(text)>>10, maxParts*maxPartText>>10)
	}
	sum := sha256.Sum256([]byte(text))
	for rest := text; rest != ""; {
		n := min(len(rest), maxPartText)
		parts = append(parts, workspacePart{Schema: packedSchema, Workspace: ws.Name, Part: len(parts) + 1, Text: rest[:n]})
		rest = rest[n:]
	}
	ws.Schema, ws.Trace, ws.SensitiveHashes = packedSchema, nil, nil
	ws.Parts, ws.PartsSum = len(parts), hex.EncodeToString(sum[:])
	value, err = encode(ws)
	return ws, value, parts, err
}

// errPartsMismatch: the parts of a workspace are not those of its item. Another run wrote
// it between the two reads, or it is corrupt.
var errPartsMismatch = errors.New("its parts do not match its checksum")

// readParts reads the parts of ws.
func (r *Record) readParts(ctx context.Context, ws *Workspace) error {
	var text strings.Builder
	for n := range ws.Parts {
		part, found, err := get[workspacePart](ctx, r, r.key(partKey(ws.Name, n+1)))
		if err != nil {
			return err
		}
		if !found {
			return errPartsMismatch
		}
		text.WriteString(part.Text)
	}
	sum := sha256.Sum256([]byte(text.String()))
	if hex.EncodeToString(sum[:]) != ws.PartsSum {
		return errPartsMismatch
	}
	compressed, err := base64.StdEncoding.DecodeString(text.String())
	if err != nil {
		return err
	}
	data, err := packDecoder.DecodeAll(compressed, nil)
	if err != nil {
		return err
	}
	var fields packedFields
	err = jsonv2.Unmarshal(data, &fields)
	ws.Trace, ws.SensitiveHashes = fields.Trace, fields.SensitiveHashes
	return err
}

// readWorkspace reads a workspace and its parts. It reads again if others write them at
// the same time.
func (r *Record) readWorkspace(ctx context.Context, name string) (ws Workspace, found bool, err error) {
	err = r.retry(ctx, func() error {
		ws, found, err = get[Workspace](ctx, r, r.key(workspacePrefix+name))
		if err != nil || ws.Parts == 0 {
			return err
		}
		if err = r.readParts(ctx, &ws); errors.Is(err, errPartsMismatch) {
			return fmt.Errorf("%w: %w", ErrConflict, err)
		}
		return err
	})
	if errors.Is(err, errPartsMismatch) {
		err = &CorruptError{r.key(workspacePrefix + name), errPartsMismatch}
	}
	return ws, found, err
}

// workspaceOps returns the ops that replace the record with ws's Rev and Parts, the
// workspace's own item first. It also returns ws as it is then stored.
func (r *Record) workspaceOps(ws Workspace) ([]Op, Workspace, error) {
	cond, oldParts := sameRev(ws.Rev), ws.Parts
	ws.Rev++
	ws.Error = truncate(ws.Error)
	item, value, parts, err := pack(ws)
	if err != nil {
		return nil, ws, err
	}
	ops := []Op{{Key: r.key(ws.sortKey()), If: cond, Put: value}}
	for _, part := range parts {
		if value, err = encode(part); err != nil {
			return nil, ws, err
		}
		ops = append(ops, Op{Key: r.key(part.sortKey()), Put: value})
	}
	ws.Schema, ws.Parts, ws.PartsSum = item.Schema, item.Parts, item.PartsSum
	return append(ops, r.deletePartsOps(ws.Name, len(parts), oldParts)...), ws, nil
}

// deletePartsOps returns the ops that delete the parts of a workspace from one number on.
func (r *Record) deletePartsOps(name string, from, to int) (ops []Op) {
	for n := from; n < to; n++ {
		ops = append(ops, Op{Key: r.key(partKey(name, n+1)), Delete: true})
	}
	return ops
}
