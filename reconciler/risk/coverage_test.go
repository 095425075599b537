package risk

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/modules/tftest"
)

// TestEveryTypeAndAttributeOfTheEstate demands that each AWS type and attribute that modules
// and workspaces use is known: by a list, a rule, as harmless, or because it only replaces.
func TestEveryTypeAndAttributeOfTheEstate(t *testing.T) {
	t.Parallel()
	k := embedded()
	replaces := readReplaces(t)
	used := attributesOfEstate(t)
	if len(used) < 100 {
		t.Fatalf("only %d types found: does this test read the right files?", len(used))
	}
	count := 0
	for typeName, paths := range used {
		if _, ok := k.kinds[typeName]; !ok {
			t.Errorf("%s is in no list of data/types.hcl", typeName)
		}
		about := k.entriesFor(typeName, map[string]*typeEntries{})
		for path := range paths {
			count++
			if !isKnown(k, about, typeName, replaces[typeName], strings.Split(path, ".")) {
				t.Errorf("%s.%s: no rule knows it, and it is not harmless", typeName, path)
			}
		}
	}
	if count < 600 {
		t.Errorf("only %d attributes found", count)
	}
}

func isKnown(k *knowledge, about *typeEntries, typeName string, replaces []string, p steps) bool {
	covers := func(r *rule) bool { return slices.ContainsFunc(withoutIndexes(r.patterns), p.startsWith) }
	onUpdates := func(r *rule) bool { return slices.Contains(r.On, onUpdate) && covers(r) }
	return slices.ContainsFunc(about.rules, onUpdates) || slices.ContainsFunc(about.harmless, covers) ||
		slices.ContainsFunc(withoutIndexes(k.provider[typeName].computed), p.startsWith) ||
		slices.ContainsFunc(splitAll(replaces), p.startsWith)
}

// withoutIndexes leaves the steps for list indexes out: configuration has none.
func withoutIndexes(patterns []steps) []steps {
	var short []steps
	for _, pattern := range patterns {
		short = append(short, slices.DeleteFunc(slices.Clone(pattern), func(step string) bool { return step == "*" }))
	}
	return short
}

// readReplaces reads which attributes only replace. The file was made once, from ForceNew
// and RequiresReplace in the source of the provider's version 6.34.0.
func readReplaces(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/replaces.json")
	if err != nil {
		t.Fatal(err)
	}
	var replaces map[string][]string
	if err := json.Unmarshal(text, &replaces); err != nil {
		t.Fatal(err)
	}
	return replaces
}

// attributesOfEstate returns the paths of the attributes that each AWS type is given.
func attributesOfEstate(t *testing.T) map[string]map[string]bool {
	t.Helper()
	used := map[string]map[string]bool{}
	for _, pattern := range []string{"../../modules/*/*.tf", "../../env/*/*.tf"} {
		for _, path := range tftest.Glob(t, pattern) {
			for _, block := range tftest.Parse(t, path) {
				if block.Type != "resource" || !strings.HasPrefix(block.Labels[0], "aws_") {
					continue
				}
				if used[block.Labels[0]] == nil {
					used[block.Labels[0]] = map[string]bool{}
				}
				addAttributes(used[block.Labels[0]], "", block.Body)
			}
		}
	}
	return used
}

// metaArguments are Terraform's own, or known for every type.
var metaArguments = []string{"count", "for_each", "provider", "depends_on", "region", "tags"}

func addAttributes(paths map[string]bool, prefix string, body *hclsyntax.Body) {
	for name := range body.Attributes {
		if prefix != "" || !slices.Contains(metaArguments, name) {
			paths[prefix+name] = true
		}
	}
	for _, block := range body.Blocks {
		switch block.Type {
		case "lifecycle", "provisioner", "connection", "timeouts":
		case "dynamic":
			for _, content := range block.Body.Blocks {
				addAttributes(paths, prefix+block.Labels[0]+".", content.Body)
			}
		default:
			addAttributes(paths, prefix+block.Type+".", block.Body)
		}
	}
}
