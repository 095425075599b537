// Package sbom checks the components of the binaries.
package sbom

import (
	"encoding/json"
	"os/exec"
	"slices"
	"testing"

	"reconcile/internal/testtier"
)

// allowedLicences are the licences that a component may have. (The detector reports the
// BSD-3-Clause of golang.org/x as BSD-Source-Code.) Another licence needs a person's
// decision and a line here.
var allowedLicences = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-Source-Code", "ISC", "MIT", "MPL-2.0", "Unlicense"}

// bom is the part of a bill of materials that the test reads
// (https://cyclonedx.org/docs/1.6/json/).
type bom struct {
	Components []struct {
		Name     string `json:"name"`
		Version  string `json:"version"`
		Evidence struct {
			Licenses []struct {
				License struct {
					ID string `json:"id"`
				} `json:"license"`
			} `json:"licenses"`
		} `json:"evidence"`
	} `json:"components"`
}

func TestLicences(t *testing.T) {
	for _, program := range []string{"cmd/reconcile", "cmd/webhook"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			c := exec.Command(testtier.Tool(t, "cyclonedx-gomod"), "app", "-json", "-licenses", "-main", program, "../..")
			out, err := c.Output()
			if err != nil {
				t.Fatalf("%s: %v (run make tools)", c, err)
			}
			var b bom
			if err := json.Unmarshal(out, &b); err != nil {
				t.Fatal(err)
			}
			if len(b.Components) < 10 {
				t.Fatalf("only %d components were found", len(b.Components))
			}
			for _, part := range b.Components {
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
