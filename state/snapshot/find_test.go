package snapshot_test

import (
	"errors"
	"testing"

	"reconcile/internal/commitid"
	"reconcile/state/snapshot"
)

func TestFind(t *testing.T) {
	for kind, fresh := range stores {
		t.Run(kind, func(t *testing.T) {
			s := fresh(t)
			var lost *snapshot.FindError
			if _, err := s.Find(t.Context(), snapshot.Latest); !errors.As(err, &lost) {
				t.Errorf("the latest of none: %v", err)
			}
			const commitC = "0123456789abcdef0123456789abcdef01234568"
			for _, commit := range []commitid.ID{commitA, commitB, commitC} {
				if _, err := s.Put(t.Context(), commit, commitTime, smallTree(), nil); err != nil {
					t.Fatal(err)
				}
			}
			for name, want := range map[string]commitid.ID{commitA: commitA, "89ABCDEF": commitB, commitC: commitC} {
				if got, err := s.Find(t.Context(), name); err != nil || got.Commit != want {
					t.Errorf("%s: got %s, %v", name, got.Commit, err)
				}
			}
			for name, matches := range map[string]int{"": 0, "77": 0, "0123": 2, "late": 0} {
				if _, err := s.Find(t.Context(), name); !errors.As(err, &lost) || lost.Matches != matches {
					t.Errorf("%q: got %v", name, err)
				}
			}
			last, err := s.Find(t.Context(), snapshot.Latest)
			if err != nil {
				t.Fatal(err)
			}
			list, err := s.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, other := range list {
				if other.StoredAt.After(last.StoredAt) {
					t.Errorf("%s was stored after the latest", other.Commit)
				}
			}
		})
	}
}
