package target

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"reconcile/state/snapshot/s3test"
)

func TestTargets(t *testing.T) {
	server := s3test.Start(t)
	server.CreateBucket(t, "pages")
	for name, target := range map[string]Target{"directory": Dir(t.TempDir() + "/new"), "bucket": NewBucket("pages/a/b", server.Config()), "whole bucket": NewBucket("pages", server.Config())} {
		t.Run(name, func(t *testing.T) {
			if _, err := target.Get(t.Context(), "x/en/index.html"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v", err)
			}
			for _, text := range []string{"first", "second"} {
				if err := target.Put(t.Context(), "x/en/index.html", []byte(text)); err != nil {
					t.Fatal(err)
				}
				if got, err := target.Get(t.Context(), "x/en/index.html"); err != nil || string(got) != text {
					t.Errorf("%q, %v", got, err)
				}
			}
			if dirs, err := target.Dirs(t.Context()); err != nil || !slices.Contains(dirs, "x") {
				t.Errorf("%q, %v", dirs, err)
			}
			for range 2 {
				if err := target.Delete(t.Context(), "x/en/index.html"); err != nil {
					t.Error(err)
				}
			}
			if _, err := target.Get(t.Context(), "x/en/index.html"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v", err)
			}
		})
	}
}
