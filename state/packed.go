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

	"github.com/klauspost/compress/zstd"
)

// An item of DynamoDB holds 400 KB, which the inputs of a workspace can exceed:
// Git ids do not compress. What may be long of a large workspace is therefore
// compressed and put into items of its own, its parts, by the transaction that
// writes the workspace.
const (
	minPackedBytes = 128 << 10 // bytes of an item that is packed
	maxPartText    = 340 << 10 // characters of one part
	// maxParts keeps a transaction that moves a workspace's parts to another
	// name within the 4 MB that DynamoDB takes.
	maxParts = 5
	// maxUnpacked bounds what a damaged part can make us read.
	maxUnpacked = 256 << 20
)

// packedFields is what may be long of a workspace.
type packedFields struct {
	Trace           Trace    `json:"trace"`
	SensitiveHashes []string `json:"sensitive"`
}

// workspacePart is one part of the text of a packed.
type workspacePart struct {
	Schema    int    `json:"schema"`
	Workspace string `json:"workspace"`
	Part      int    `json:"part"` // from 1
	Text      string `json:"text"` // base64 of zstd of JSON, cut
}

func partKey(name string, part int) string {
	return fmt.Sprintf("%s%s#%06d", workspacePartPrefix, name, part)
}

var (
	packEncoder, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
	packDecoder, _ = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxUnpacked))
)

// pack returns ws as its item holds it, and its parts; none where it is small.
func pack(ws Workspace) (Workspace, []workspacePart, error) {
	ws.Schema, ws.Parts, ws.PartsSum = Schema, 0, ""
	data, err := json.Marshal(ws)
	if err != nil || len(data) <= minPackedBytes {
		return ws, nil, err
	}
	if data, err = json.Marshal(packedFields{ws.Trace, ws.SensitiveHashes}); err != nil {
		return ws, nil, err
	}
	text := base64.StdEncoding.EncodeToString(packEncoder.EncodeAll(data, nil))
	if len(text) > maxParts*maxPartText {
		return ws, nil, fmt.Errorf("%w: %w: its %d inputs and %d sensitive outputs take %d KB of the record, which has room for %d: make several workspaces of it, or let it depend on fewer files",
			ErrNotWritten, ErrUnstorable, len(ws.Trace), len(ws.SensitiveHashes), len(text)>>10, maxParts*maxPartText>>10)
	}
	sum := sha256.Sum256([]byte(text))
	var parts []workspacePart
	for rest := text; rest != ""; {
		n := min(len(rest), maxPartText)
		parts = append(parts, workspacePart{Schema: packedSchema, Workspace: ws.Name, Part: len(parts) + 1, Text: rest[:n]})
		rest = rest[n:]
	}
	ws.Schema, ws.Trace, ws.SensitiveHashes = packedSchema, nil, nil
	ws.Parts, ws.PartsSum = len(parts), hex.EncodeToString(sum[:])
	return ws, parts, nil
}

// errPartsMismatch: the parts of a workspace are not those of its item. Another run has
// written it between the two reads, or it is damaged.
var errPartsMismatch = errors.New("its parts are not those that it names")

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
	fields, err := unmarshal[Workspace](data) // which reads these fields faster than encoding/json
	ws.Trace, ws.SensitiveHashes = fields.Trace, fields.SensitiveHashes
	return err
}

// readWorkspace reads a workspace and its parts, again while others write them.
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

// workspaceOps are the ops that replace the record of which ws has the Rev and
// the Parts, the workspace's own item first, and ws as it is then stored.
func (r *Record) workspaceOps(ws Workspace) ([]Op, Workspace, error) {
	cond, oldParts := sameRev(ws.Rev), ws.Parts
	ws.Rev++
	ws.Error = truncate(ws.Error)
	item, parts, err := pack(ws)
	if err != nil {
		return nil, ws, err
	}
	value, err := encode(item)
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

// deletePartsOps are the ops that delete the parts of a workspace from one on.
func (r *Record) deletePartsOps(name string, from, to int) (ops []Op) {
	for n := from; n < to; n++ {
		ops = append(ops, Op{Key: r.key(partKey(name, n+1)), Delete: true})
	}
	return ops
}
