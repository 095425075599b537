package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
)

// LeasePartition is the partition of the leases. All records of a store share it, so that
// two records cannot act on one state at once.
const LeasePartition = "LEASE"

// Names of a record's items. What is stored keeps its name where that in Go has changed, here
// and in JSON ("failure_told", "counter"): a record of an earlier version is read as it is, without
// a migration.
const (
	headKey         = "HEAD"
	workspacePrefix = "WS#"

	workspacePartPrefix = "WSPART#"

	holdPrefix           = "HOLD#"
	runPrefix            = "RUN#"
	runPartPrefix        = "RUNPART#"
	taskPrefix           = "TASK#"
	offeredPlanPrefix    = "PLAN#"
	approvalPrefix       = "APPROVAL#"
	commentsPrefix       = "COMMENTS#"
	rolloutOrderPrefix   = "ROLLOUT#"
	notifiedPrefix       = "TOLD#"
	pullRequestCursorKey = "TELLING"
)

// storable is a stored item: it knows its SK and checks its own fields.
type storable interface {
	sortKey() string
	schemaVersion() int
	check() error
}

func (h Head) sortKey() string                 { return headKey }
func (w Workspace) sortKey() string            { return workspacePrefix + w.Name }
func (p workspacePart) sortKey() string        { return partKey(p.Workspace, p.Part) }
func (h Hold) sortKey() string                 { return holdPrefix + h.Name }
func (r Run) sortKey() string                  { return runPrefix + string(r.ID) }
func (p runPart) sortKey() string              { return fmt.Sprintf("%s%06d", runPartKeyPrefix(p.Run), p.Part) }
func (t Task) sortKey() string                 { return taskPrefix + t.Name }
func (p OfferedPlan) sortKey() string          { return offeredPlanSK(p.PullRequest, p.Workspace) }
func (a Approval) sortKey() string             { return approvalPrefix + a.Digest.Abbrev() + "#" + a.Workspace }
func (c ReadComments) sortKey() string         { return commentsKey(c.PullRequest) }
func (s NotificationState) sortKey() string    { return notifiedPrefix + s.Name }
func (c PullRequestCursor) sortKey() string    { return pullRequestCursorKey }
func (l LeaseItem) sortKey() string            { return string(l.Identity) }
func (h Head) schemaVersion() int              { return h.Schema }
func (w Workspace) schemaVersion() int         { return w.Schema }
func (p workspacePart) schemaVersion() int     { return p.Schema }
func (h Hold) schemaVersion() int              { return h.Schema }
func (r Run) schemaVersion() int               { return r.Schema }
func (p runPart) schemaVersion() int           { return p.Schema }
func (t Task) schemaVersion() int              { return t.Schema }
func (p OfferedPlan) schemaVersion() int       { return p.Schema }
func (a Approval) schemaVersion() int          { return a.Schema }
func (c ReadComments) schemaVersion() int      { return c.Schema }
func (s NotificationState) schemaVersion() int { return s.Schema }
func (c PullRequestCursor) schemaVersion() int { return c.Schema }
func (l LeaseItem) schemaVersion() int         { return l.Schema }

func (h Head) check() error {
	return errors.Join(minValue("rev", h.Rev, 1), minValue("generation", h.Generation, 0), minValue("epoch", h.Epoch, 0))
}

func (w Workspace) check() error {
	if w.Parts > maxParts {
		return fmt.Errorf("parts is %d, want at most %d", w.Parts, maxParts)
	}
	return errors.Join(minValue("rev", w.Rev, 1), minValue("counter", w.ApplyCount, 0), minValue("parts", int64(w.Parts), 0), required("name", w.Name))
}

func (p workspacePart) check() error {
	return errors.Join(required("workspace", p.Workspace), minValue("part", int64(p.Part), 1))
}

func (h Hold) check() error {
	if h.Kind != Suspended && h.Kind != Recovery {
		return fmt.Errorf("kind is %q, want %q or %q", h.Kind, Suspended, Recovery)
	}
	return required("name", h.Name)
}

func (r Run) check() error {
	return errors.Join(required("id", string(r.ID)), minValue("parts", int64(r.Parts), 0))
}

func (p runPart) check() error {
	return errors.Join(required("run", string(p.Run)), minValue("part", int64(p.Part), 1))
}

func (t Task) check() error {
	return errors.Join(required("name", t.Name), required("key", t.Key), required("commit", string(t.Commit)), minValue("generation", t.Generation, 0))
}

func (p OfferedPlan) check() error {
	return errors.Join(required("workspace", p.Workspace), required("digest", string(p.Digest)), minValue("pull_request", int64(p.PullRequest), 0))
}

func (a Approval) check() error {
	return errors.Join(required("workspace", a.Workspace), required("digest", string(a.Digest)), required("by", a.ApprovedBy), minValue("pull_request", int64(a.PullRequest), 0))
}

func (c ReadComments) check() error {
	return errors.Join(minValue("pull_request", int64(c.PullRequest), 1), minValue("rev", c.Rev, 1))
}

func commentsKey(number int) string { return fmt.Sprintf("%s%06d", commentsPrefix, number) }

func (s NotificationState) check() error { return required("name", s.Name) }
func (c PullRequestCursor) check() error { return nil }

func (l LeaseItem) check() error {
	return errors.Join(minValue("token", l.Token, 1), minValue("beat", l.Heartbeat, 0), minValue("length_ms", l.LengthMS, 0), required("identity", string(l.Identity)))
}

func minValue(field string, got, minimum int64) error {
	if got < minimum {
		return fmt.Errorf("%s is %d, want at least %d", field, got, minimum)
	}
	return nil
}

func required(field, value string) error {
	if value == "" {
		return fmt.Errorf("%s is empty", field)
	}
	return nil
}

// decode reads an item strictly into a zero value: a newer schema is ErrNewerSchema, what this
// program cannot have written a *CorruptError. It is most of what `changed` does with the record,
// so version 2 of encoding/json does it, in a third of the time; version 1 writes.
func decode[T storable](item Item, to *T) error {
	if err := jsonv2.Unmarshal(item.Value, to); err != nil {
		if hasNewerSchema(item.Value) {
			return newerSchemaError(item.Key)
		}
		return &CorruptError{item.Key, err}
	}
	v := *to
	switch err := v.check(); {
	case v.schemaVersion() > packedSchema:
		return newerSchemaError(item.Key)
	case v.schemaVersion() < 1:
		return &CorruptError{item.Key, errors.New("it has no schema version")}
	case v.sortKey() != item.Key.SK:
		return &CorruptError{item.Key, fmt.Errorf("its key should be %s", v.sortKey())}
	case err != nil:
		return &CorruptError{item.Key, err}
	}
	return nil
}

// hasNewerSchema reports whether value, which this program cannot read, has a newer
// schema.
func hasNewerSchema(value json.RawMessage) bool {
	var v struct {
		Schema int `json:"schema"`
	}
	return json.Unmarshal(value, &v) == nil && v.Schema > packedSchema
}

func newerSchemaError(key Key) error {
	return fmt.Errorf("item %s of record %s: %w: update reconcile", key.SK, key.PK, ErrNewerSchema)
}

// encode returns the stored form of v.
func encode(v storable) (json.RawMessage, error) {
	if err := v.check(); err != nil {
		return nil, fmt.Errorf("item %s cannot be stored: %w", v.sortKey(), err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("item %s cannot be stored: %w", v.sortKey(), err)
	}
	return data, nil
}

// Bounds of texts in an item: Terraform's messages can be megabytes long.
const (
	maxText    = 16 << 10
	maxReasons = 100
)

// truncate cuts the middle out of a text that is too long for the record.
func truncate(text string) string {
	if len(text) <= maxText {
		return text
	}
	omitted := len(text) - maxText
	return strings.ToValidUTF8(fmt.Sprintf("%s\n… (%d bytes omitted) …\n%s", text[:maxText/2], omitted, text[len(text)-maxText/2:]), "")
}

// truncateList cuts the end off a list that is too long for the record.
func truncateList(list []string) []string {
	if len(list) > maxReasons {
		more := fmt.Sprintf("and %d more", len(list)-maxReasons)
		list = append(slices.Clone(list[:maxReasons]), more)
	}
	for i, text := range list {
		if len(text) > maxText/8 {
			list = slices.Clone(list)
			list[i] = truncate(text)
		}
	}
	return list
}

func (w RunWorkspace) truncateTexts() RunWorkspace {
	w.Error, w.StaleReasons = truncate(w.Error), truncateList(w.StaleReasons)
	return w
}
