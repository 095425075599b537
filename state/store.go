// Package state holds what reconcile remembers between passes, and the rules by which it
// may change: the head of the watched branch, one item per workspace, leases, holds and
// runs.
//
// The rules live here once, on top of a Store: a small transactional store of JSON
// objects. Stores (package dynamodb, package embedded) do not know what the objects mean.
// Package statetest is the suite that each store must pass.
package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Key names an item: PK is the record's name, or LeasePartition for leases;
// SK is the item's name within it.
type Key struct{ PK, SK string }

// Item is a stored JSON object with its key.
type Item struct {
	Key   Key
	Value json.RawMessage
}

// Cond is a condition on an item, at the instant of a Write. The Write happens only if
// all its conditions hold. The zero Cond always holds.
type Cond struct {
	// Absent: there is no item under the key.
	Absent bool
	// Equal: there is an item, and each of these top-level fields has this value (a
	// string, an int64 or a bool).
	Equal map[string]any
}

// Op is one part of a Write: a check alone, or a put or a delete under a condition. A put
// replaces the whole item.
type Op struct {
	Key    Key
	If     Cond
	Put    json.RawMessage // nil: not a put
	Delete bool
}

// Store is a transactional store of JSON objects. Implementations are safe
// for use by several goroutines and several processes at once.
//
// Top-level fields are strings, numbers, bools, objects, arrays or null. The
// field "expires" (Unix seconds), if present, allows the store to forget the
// item some time after that instant; Get and ListPages may still return it.
type Store interface {
	// Get returns the item's value as of now (never a stale replica), or
	// ErrNotFound.
	Get(ctx context.Context, key Key) (json.RawMessage, error)
	// ListPages calls fn with the items of a partition whose SK begins with prefix, sorted by SK
	// bytewise, as of now: in one page or several, and never with an empty one. The values are
	// valid until fn returns; fn must not use the store. An error of fn ends the list, and is
	// returned.
	ListPages(ctx context.Context, pk, prefix string, fn func(page []Item) error) error
	// ListLast returns at most limit of those items in reverse order of SK: the last
	// first.
	ListLast(ctx context.Context, pk, prefix string, limit int) ([]Item, error)
	// Write writes all of ops or none. No two ops may name one key; at most MaxOps. If a
	// condition does not hold, the error is ErrConflict. ErrNotWritten says that nothing
	// was written. After any other error the write may have taken effect, or may do so
	// later.
	Write(ctx context.Context, ops ...Op) error
	Close() error
}

// Limits of a Write, as DynamoDB has them ("Service, account, and table quotas"):
// ops of one transaction, bytes of keys, of an item and of all items. Here an item is
// measured as JSON, which is about its size in DynamoDB, keys included.
const (
	MaxOps   = 100
	MaxValue = 390 << 10

	maxWrite = 4<<20 - 64<<10 // bytes of all items together

	maxPK = 2048
	maxSK = 1024
)

// Errors of stores. Match with errors.Is.
var (
	// ErrNotFound: there is no item under the key.
	ErrNotFound = errors.New("not found in the record")
	// ErrConflict: a condition did not hold, so nothing was written.
	ErrConflict = errors.New("the record was changed by another run")
	// ErrNotWritten: the store refused the first try for a reason of its own (no such
	// table, access denied), so nothing was written.
	ErrNotWritten = errors.New("nothing was written")
	// ErrUnstorable: no store can take the value, now or later.
	ErrUnstorable = errors.New("cannot be stored")
	// ErrNewerSchema: the record was written by a newer version of reconcile.
	ErrNewerSchema = errors.New("the record was written by a newer version of reconcile")
)

// Matches reports whether the object value meets c; a nil value means that there is no
// item. Stores that evaluate conditions themselves call it.
func (c Cond) Matches(value json.RawMessage) bool {
	if c.Absent {
		return value == nil
	}
	if len(c.Equal) == 0 {
		return true
	}
	if value == nil {
		return false
	}
	fields := fieldDecoders.Get().(*jsontext.Decoder)
	defer fieldDecoders.Put(fields)
	fields.Reset(bytes.NewBuffer(value))
	if start, err := fields.ReadToken(); err != nil || start.Kind() != '{' {
		return false
	}
	for equal := 0; equal < len(c.Equal); { // the fields behind the last one are not read
		name, err := fields.ReadToken()
		if err != nil || name.Kind() != '"' {
			return false
		}
		want, ok := c.Equal[name.String()]
		if !ok {
			if fields.SkipValue() != nil {
				return false
			}
			continue
		}
		if got, err := fields.ReadValue(); err != nil || !equalField(got, want) {
			return false
		}
		equal++
	}
	return true
}

// fieldDecoders are kept because a pass checks conditions some ten times for each workspace, and
// a decoder has large buffers.
var fieldDecoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

func equalField(got []byte, want any) bool {
	switch want := want.(type) {
	case string:
		var text string
		return len(got) > 0 && got[0] == '"' && json.Unmarshal(got, &text) == nil && text == want
	case int64:
		return bytes.Equal(got, strconv.AppendInt(nil, want, 10))
	case bool:
		return bytes.Equal(got, strconv.AppendBool(nil, want))
	default:
		return false
	}
}

func (c Cond) check() error {
	for field, want := range c.Equal {
		switch want.(type) {
		case string, int64, bool:
		default:
			return fmt.Errorf("condition on %q: a %T cannot be compared: use string, int64 or bool", field, want)
		}
	}
	return nil
}

// CheckOps refuses what no store takes: too many ops, two ops on one key, and keys and
// values that some store cannot hold. The error is ErrNotWritten. Stores call it first.
func CheckOps(ops []Op) error {
	if len(ops) == 0 || len(ops) > MaxOps {
		return fmt.Errorf("%w: %w: %d ops in one write, want 1 to %d", ErrNotWritten, ErrUnstorable, len(ops), MaxOps)
	}
	seen := make(map[Key]bool, len(ops))
	size := 0
	for _, op := range ops {
		if size += len(op.Put); size > maxWrite {
			return fmt.Errorf("%w: %w: more than %d bytes in one write", ErrNotWritten, ErrUnstorable, maxWrite)
		}
		if err := checkOp(op); err != nil {
			return fmt.Errorf("%w: %w: item %q of %q: %w", ErrNotWritten, ErrUnstorable, op.Key.SK, op.Key.PK, err)
		}
		if seen[op.Key] {
			return fmt.Errorf("%w: %w: item %q of %q appears twice in one write", ErrNotWritten, ErrUnstorable, op.Key.SK, op.Key.PK)
		}
		seen[op.Key] = true
	}
	return nil
}

func checkOp(op Op) error {
	switch {
	case op.Key.PK == "" || op.Key.SK == "":
		return errors.New("its key has an empty part")
	case len(op.Key.PK) > maxPK || len(op.Key.SK) > maxSK:
		return fmt.Errorf("its key is too long: at most %d and %d bytes", maxPK, maxSK)
	case op.Delete && op.Put != nil:
		return errors.New("it is both put and deleted")
	case !op.Delete && op.Put == nil && !op.If.Absent && len(op.If.Equal) == 0:
		return errors.New("the operation has no condition, no value and no delete")
	case op.Put != nil && !bytes.HasPrefix(op.Put, []byte("{")):
		return errors.New("it is not a JSON object")
	case len(op.Put) > MaxValue:
		return fmt.Errorf("it is too large: %d bytes, at most %d", len(op.Put), MaxValue)
	}
	return op.If.check()
}
