package snapshot

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Latest is the name, in Find, of the snapshot that was stored last.
const Latest = "latest"

// FindError says why a name stands for no snapshot.
type FindError struct {
	Name    string
	Matches int // snapshots that the name stands for: 0, or more than 1
}

func (e *FindError) Error() string {
	switch {
	case e.Matches > 0:
		return fmt.Sprintf("%d snapshots begin with %s", e.Matches, e.Name)
	case e.Name == Latest:
		return "there are no snapshots"
	}
	return "there is no snapshot of commit " + e.Name
}

// Find returns the one snapshot whose commit begins with name, or the one that was stored
// last if name is Latest. The error is *FindError if there is no such snapshot.
func (s *Store) Find(ctx context.Context, name string) (Snapshot, error) {
	list, err := s.List(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	if name == Latest && len(list) > 0 {
		return slices.MaxFunc(list, func(a, b Snapshot) int { return a.StoredAt.Compare(b.StoredAt) }), nil
	}
	found := slices.DeleteFunc(list, func(o Snapshot) bool {
		return name == "" || !strings.HasPrefix(string(o.Commit), strings.ToLower(name))
	})
	if len(found) != 1 {
		return Snapshot{}, &FindError{Name: name, Matches: len(found)}
	}
	return found[0], nil
}
