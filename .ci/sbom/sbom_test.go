package main

import (
	"slices"
	"testing"

	"reconcile/internal/testtier"
)

// allowedLicences are the licences that a component may have. (The detector reports the
// BSD-3-Clause of golang.org/x as BSD-Source-Code.) Another licence needs a person's
// decision and a line here.
var allowedLicences = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-Source-Code", "ISC", "MIT", "MPL-2.0", "Unlicense"}

func TestLicences(t *testing.T) {
	for _, program := range []string{"cmd/reconcile", "cmd/webhook"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			list, err := listComponents(testtier.Tool(t, "cyclonedx-gomod"), nil, "-main", program, "../..")
			if err != nil {
				t.Fatal(err)
			}
			if len(list.Parts) < 10 {
				t.Fatalf("only %d components were found", len(list.Parts))
			}
			for _, part := range list.Parts {
				if len(part.Evidence.Licenses) == 0 {
					t.Errorf("%s %s has no known licence", part.Name, part.Version)
				}
				for _, l := range part.Evidence.Licenses {
					if !slices.Contains(allowedLicences, l.License.ID) {
						t.Errorf("%s %s has the licence %q, which is not on the list", part.Name, part.Version, l.License.ID)
					}
				}
			}
		})
	}
}
