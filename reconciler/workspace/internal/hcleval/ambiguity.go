package hcleval

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// Ambiguity is a place in a JSON file that Terraform may read in another way than Parse.
type Ambiguity struct {
	Range     hcl.Range
	BlockType string // the block type that Parse does not know; "" for another ambiguity
	Text      string
}

// FindAmbiguities returns the duplicate members and the unknown block types of a JSON file.
func FindAmbiguities(p string, text []byte) []Ambiguity {
	reader := &jsonReader{text: text, dec: json.NewDecoder(bytes.NewReader(text)), path: p, line: 1}
	reader.dec.UseNumber()
	root, err := reader.readValue()
	if err != nil {
		return nil // Parse reports it
	}
	var found []Ambiguity
	for _, object := range root.objects() {
		for _, m := range object.members {
			if !IsBlockType(m.name) && m.name != "//" {
				found = append(found, Ambiguity{m.rng, m.name, fmt.Sprintf("blocks of type %s are not supported in previews", m.name)})
			}
		}
	}
	if _, more := reader.dec.Token(); more == nil {
		found = append(found, Ambiguity{Text: "unexpected data after the configuration"})
	}
	return append(found, root.findDuplicates()...)
}

func (n *jsonNode) findDuplicates() (found []Ambiguity) {
	seen := map[string]bool{}
	for _, m := range n.members {
		if seen[m.name] && m.name != "//" {
			found = append(found, Ambiguity{Range: m.rng, Text: "duplicate member " + m.name})
		}
		seen[m.name] = true
		found = append(found, m.value.findDuplicates()...)
	}
	for _, item := range n.items {
		found = append(found, item.findDuplicates()...)
	}
	return found
}
