package workspace

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// checkJSON refuses ambiguous JSON: duplicate members, and unknown block types.
func (r *policyChecker) checkJSON(file string, text []byte) {
	reader := &jsonReader{text: text, dec: json.NewDecoder(bytes.NewReader(text)), path: file, line: 1}
	reader.dec.UseNumber()
	root, err := reader.readValue()
	if err != nil {
		return // reported when it was loaded
	}
	for _, object := range root.objects() {
		for _, m := range object.members {
			if !slices.Contains(knownBlocks, m.name) && m.name != "//" {
				r.addViolation(file, m.rng, m.name, "blocks of type %s are not supported in previews", m.name)
			}
		}
	}
	if _, more := reader.dec.Token(); more == nil {
		r.addViolation(file, hcl.Range{}, "", "unexpected data after the configuration")
	}
	r.checkDuplicates(file, root)
}

func (r *policyChecker) checkDuplicates(file string, n *jsonNode) {
	seen := map[string]bool{}
	for _, m := range n.members {
		if seen[m.name] && m.name != "//" {
			r.addViolation(file, m.rng, "", "duplicate member %s", m.name)
		}
		seen[m.name] = true
		r.checkDuplicates(file, m.value)
	}
	for _, item := range n.items {
		r.checkDuplicates(file, item)
	}
}
