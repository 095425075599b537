package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
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
	var fields map[string]json.RawMessage
	if value == nil || json.Unmarshal(value, &fields) != nil {
		return false
	}
	for name, want := range c.Equal {
		if !equalField(fields[name], want) {
			return false
		}
	}
	return true
}

func equalField(got json.RawMessage, want any) bool {
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
