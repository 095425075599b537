package env_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/modules/tftest"
)

// TestReaches: the sides contain a copy of the ranges with data, because their ACLs must
// not depend on another Region's state. Both must agree: in a network 10.N.0.0/16,
// modules/shared_vpc has data in 10.N.8.0/22.
func TestReaches(t *testing.T) {
	t.Parallel()
	data := map[string]string{}
	for region, workspace := range map[string]string{"tokyo": "tokyo", "osaka": "common_os"} {
		network := tftest.LoadValues(t, filepath.Join(workspace, "terraform.tfvars"))["network"]
		cidr := findGroups(network, `cidr = "(10\.\d+)\.0\.0/16"`)
		if len(cidr) != 1 {
			t.Fatalf("%s does not have its own network: %s", workspace, network)
		}
		data[region] = cidr[0] + ".8.0/22"
	}
	for side, reached := range map[string][]string{
		"tokyo-ap-A": {"tokyo"}, "tokyo-ap-B": {"tokyo"}, "osaka-ap": {"osaka", "tokyo"},
	} {
		found := map[string]bool{}
		for _, file := range tftest.Glob(t, filepath.Join(side, "*.tfvars")) {
			reaches := tftest.LoadValues(t, file)["reaches"]
			for line := range strings.Lines(reaches) {
				name := findGroups(line, `^ *(\w+)-(?:database|files) = `)
				if len(name) == 0 {
					continue
				}
				found[name[0]] = true
				if cidr := findGroups(line, `cidr = "([^"]*)"`); len(cidr) != 1 || cidr[0] != data[name[0]] {
					t.Errorf("%s: %s has data in %s, not in %v", file, name[0], data[name[0]], cidr)
				}
			}
		}
		if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, reached) {
			t.Errorf("%s reaches data in %v, not in %v", side, got, reached)
		}
	}
}
