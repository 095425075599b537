package risk

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/modules/tftest"
)

var update = flag.Bool("update", false, "write data/provider.json from the schema of the AWS provider")

// TestProviderFile compares data/provider.json with the schema of the real provider. The
// provider that tests use has the services of the estate and what belongs to them.
func TestProviderFile(t *testing.T) {
	t.Parallel()
	tf := tftest.New(t, nil)
	tf.Write(t, "main.tf", "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n  }\n}\n")
	var schemas tfjson.ProviderSchemas
	if err := json.Unmarshal(tf.Run(t, ".", "providers", "schema", "-json"), &schemas); err != nil {
		t.Fatal(err)
	}
	types := map[string]providerType{}
	for _, schema := range schemas.Schemas {
		for name, resource := range schema.ResourceSchemas {
			if p := schemaOf(resource.Block, nil); len(p.Computed)+len(p.Sets) > 0 {
				types[name] = p
			}
		}
	}
	text := formatProvider(t, types)
	const name = "data/provider.json"
	if *update {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	current, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(current, text) {
		t.Errorf("%s is not that of the provider: write it with -update, and read the difference", name)
	}
}

// schemaOf lists what only the provider sets in a block, and what has no order.
func schemaOf(block *tfjson.SchemaBlock, at steps) (p providerType) {
	for name, attribute := range block.Attributes {
		p.add(schemaOfAttribute(attribute, append(slices.Clone(at), name)))
	}
	for name, nested := range block.NestedBlocks {
		path := append(slices.Clone(at), name)
		switch nested.NestingMode {
		case tfjson.SchemaNestingModeSet:
			p.Sets = append(p.Sets, path.String())
		case tfjson.SchemaNestingModeList, tfjson.SchemaNestingModeMap:
			p.add(schemaOf(nested.Block, append(path, "*")))
		default:
			p.add(schemaOf(nested.Block, path))
		}
	}
	slices.Sort(p.Computed)
	slices.Sort(p.Sets)
	return p
}

func schemaOfAttribute(a *tfjson.SchemaAttribute, path steps) (p providerType) {
	nested := a.AttributeNestedType
	switch {
	case a.Computed && !a.Optional && !a.Required:
		p.Computed = []string{path.String()}
	case nested == nil && a.AttributeType.IsSetType(), nested != nil && nested.NestingMode == tfjson.SchemaNestingModeSet:
		p.Sets = []string{path.String()}
	case nested != nil:
		if nested.NestingMode != tfjson.SchemaNestingModeSingle {
			path = append(path, "*")
		}
		p.add(schemaOf(&tfjson.SchemaBlock{Attributes: nested.Attributes}, path))
	}
	return p
}

func (p *providerType) add(other providerType) {
	p.Computed = append(p.Computed, other.Computed...)
	p.Sets = append(p.Sets, other.Sets...)
}

// formatProvider writes one line for each type, so that a new version of the provider shows
// as a readable difference.
func formatProvider(t *testing.T, types map[string]providerType) []byte {
	t.Helper()
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(types)) {
		line, err := json.Marshal(types[name])
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%q: %s", name, line))
	}
	return []byte("{\n" + strings.Join(lines, ",\n") + "\n}\n")
}
