package snapshot

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/state/snapshot/s3test"
)

// A bundle's trees and files come back unchanged. None is a commit's snapshot, whatever
// its name.
func TestBundle(t *testing.T) {
	server := s3test.Start(t)
	server.CreateBucket(t, "bucket")
	for location, dir := range map[string]string{"directory": t.TempDir(), "s3": "s3://bucket/snapshots"} {
		t.Run(location, func(t *testing.T) {
			s, err := Open(t.Context(), dir, server.Config())
			if err != nil {
				t.Fatal(err)
			}
			key := rand.Text()
			if err := s.PutBundleTree(t.Context(), key, "tip", commitTime, sampleTree(), nil); err != nil {
				t.Fatal(err)
			}
			if err := s.PutBundleTree(t.Context(), key, "tip", commitTime, sampleTree(), nil); err != nil {
				t.Errorf("again: %v", err)
			}
			to := filepath.Join(t.TempDir(), "tree")
			if err := s.FetchBundleTree(t.Context(), key, "tip", to, acceptAny); err != nil {
				t.Fatal(err)
			}
			if entries, err := os.ReadDir(to); err != nil || len(entries) == 0 {
				t.Errorf("laid out: %v, %v", entries, err)
			}
			for _, text := range []string{"first", "second"} {
				if err := s.PutBundleFile(t.Context(), key, "answer", []byte(text)); err != nil {
					t.Fatal(err)
				}
				if got, err := s.BundleFile(t.Context(), key, "answer", 6); string(got) != text || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			}
			if _, err := s.BundleFile(t.Context(), key, "answer", 5); !errors.Is(err, ErrTooLarge) {
				t.Errorf("too large: %v", err)
			}
			if _, err := s.BundleFile(t.Context(), rand.Text(), "answer", 5); !errors.Is(err, ErrNotFound) {
				t.Errorf("another's: %v", err)
			}
			if list, err := s.List(t.Context()); err != nil || len(list) > 0 {
				t.Errorf("among the snapshots: %v, %v", list, err)
			}
		})
	}
}

func TestBundleNames(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), s3test.Start(t).Config())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"short", "tip"}, {strings.Repeat("A", 26), "../tip"}, {"../" + strings.Repeat("A", 23), "tip"}, {commit, "tip"}, {strings.Repeat("A", 26), ""}} {
		if err := s.PutBundleFile(t.Context(), c[0], c[1], nil); err == nil {
			t.Errorf("%q was taken", c)
		}
	}
}
