package state

import (
	"encoding/json"
	"errors"
	"fmt"
)

// LeasePartition is the partition of the leases, shared by all records of a
// store, so that two records cannot act on one state at once.
const LeasePartition = "LEASE"

// Names of a record's items.
const (
	headKey         = "HEAD"
	workspacePrefix = "WS#"

	workspacePartPrefix = "WSPART#"

	holdPrefix    = "HOLD#"
	runPrefix     = "RUN#"
	runPartPrefix = "RUNPART#"
	taskPrefix    = "TASK#"
	toldPrefix    = "TOLD#"
	tellingKey    = "TELLING"
)

// entry is what is stored under a key: it knows the SK that it belongs under,
// and what else must be true of it.
type entry interface {
	sk() string
	version() int
	check() error
}

func (h Head) sk() string            { return headKey }
func (w Workspace) sk() string       { return workspacePrefix + w.Name }
func (p workspacePart) sk() string   { return partKey(p.Workspace, p.Part) }
func (h Hold) sk() string            { return holdPrefix + h.Name }
func (r Run) sk() string             { return runPrefix + r.ID }
func (p runPart) sk() string         { return fmt.Sprintf("%s%06d", runPartsOf(p.Run), p.Part) }
func (t Task) sk() string            { return taskPrefix + t.Name }
func (t Told) sk() string            { return toldPrefix + t.Name }
func (t Telling) sk() string         { return tellingKey }
func (l LeaseItem) sk() string       { return l.Identity }
func (h Head) version() int          { return h.Schema }
func (w Workspace) version() int     { return w.Schema }
func (p workspacePart) version() int { return p.Schema }
func (h Hold) version() int          { return h.Schema }
func (r Run) version() int           { return r.Schema }
func (p runPart) version() int       { return p.Schema }
func (t Task) version() int          { return t.Schema }
func (t Told) version() int          { return t.Schema }
func (t Telling) version() int       { return t.Schema }
func (l LeaseItem) version() int     { return l.Schema }

func (h Head) check() error {
	return errors.Join(atLeast("rev", h.Rev, 1), atLeast("generation", h.Generation, 0), atLeast("epoch", h.Epoch, 0))
}

func (w Workspace) check() error {
	if w.Parts > maxParts {
		return fmt.Errorf("parts is %d, want at most %d", w.Parts, maxParts)
	}
	return errors.Join(atLeast("rev", w.Rev, 1), atLeast("counter", w.Counter, 0), atLeast("parts", int64(w.Parts), 0), named("name", w.Name))
}

func (p workspacePart) check() error {
	return errors.Join(named("workspace", p.Workspace), atLeast("part", int64(p.Part), 1))
}

func (h Hold) check() error {
	if h.Kind != Suspended && h.Kind != Recovery {
		return fmt.Errorf("kind is %q, want %q or %q", h.Kind, Suspended, Recovery)
	}
	return named("name", h.Name)
}

func (r Run) check() error {
	return errors.Join(named("id", r.ID), atLeast("parts", int64(r.Parts), 0))
}

func (p runPart) check() error {
	return errors.Join(named("run", p.Run), atLeast("part", int64(p.Part), 1))
}

func (t Task) check() error {
	return errors.Join(named("name", t.Name), named("key", t.Key), named("commit", t.Commit), atLeast("generation", t.Generation, 0))
}

func (t Told) check() error    { return named("name", t.Name) }
func (t Telling) check() error { return nil }

func (l LeaseItem) check() error {
	return errors.Join(atLeast("token", l.Token, 1), atLeast("beat", l.Beat, 0), atLeast("length_ms", l.LengthMS, 0), named("identity", l.Identity))
}

func atLeast(field string, got, least int64) error {
	if got < least {
		return fmt.Errorf("%s is %d, want at least %d", field, got, least)
	}
	return nil
}

func named(field, value string) error {
	if value == "" {
		return fmt.Errorf("%s is empty", field)
	}
	return nil
}

// decode reads an item strictly: a newer schema is ErrNewer, anything that
// this program cannot have written under that key a *CorruptError.
func decode[T entry](item Item) (T, error) {
	v, err := unmarshal[T](item.Value)
	if err != nil {
		if newer(item.Value) {
			return v, tooNew(item.Key)
		}
		return v, &CorruptError{item.Key, err}
	}
	switch err := v.check(); {
	case v.version() > packedSchema:
		return v, tooNew(item.Key)
	case v.version() < 1:
		return v, &CorruptError{item.Key, errors.New("it has no schema version")}
	case v.sk() != item.Key.SK:
		return v, &CorruptError{item.Key, fmt.Errorf("it belongs under %s", v.sk())}
	case err != nil:
		return v, &CorruptError{item.Key, err}
	}
	return v, nil
}

// unmarshal reads value as encoding/json does, or faster where T knows how.
func unmarshal[T entry](value json.RawMessage) (v T, err error) {
	if fast, ok := any(&v).(interface{ scan([]byte) bool }); ok && fast.scan(value) {
		return v, nil
	}
	var again T
	err = json.Unmarshal(value, &again)
	return again, err
}

// newer tells whether value, which this program cannot read, says that it is
// of a newer schema.
func newer(value json.RawMessage) bool {
	var v struct {
		Schema int `json:"schema"`
	}
	return json.Unmarshal(value, &v) == nil && v.Schema > packedSchema
}

func tooNew(key Key) error {
	return fmt.Errorf("item %s of record %s: %w: update this program to use it", key.SK, key.PK, ErrNewer)
}

// encode is the stored form of v.
func encode(v entry) (json.RawMessage, error) {
	if err := v.check(); err != nil {
		return nil, fmt.Errorf("item %s cannot be stored: %w", v.sk(), err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("item %s cannot be stored: %w", v.sk(), err)
	}
	return data, nil
}
