package env_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/modules/tftest"
)

// findReferences returns, by address, what each object in a workspace refers to:
// "module.x", "local.x", "aws_x.y", "data.aws_x.y".
func (w *workspace) findReferences() map[string][]string {
	references := map[string][]string{}
	add := func(address string, body *hclsyntax.Body) {
		for _, m := range traversalsOf(body) {
			references[address] = append(references[address], addressOf(stepNames(m)))
		}
	}
	for _, b := range w.blocks["module"] {
		add("module."+b.Label(), b.Body)
	}
	for _, b := range w.blocks["resource"] {
		add(b.Label(), b.Body)
	}
	for _, b := range w.blocks["data"] {
		add("data."+b.Label(), b.Body)
	}
	for _, b := range w.blocks["locals"] {
		for name, a := range b.Body.Attributes {
			for _, v := range hclsyntax.Variables(a.Expr) {
				references["local."+name] = append(references["local."+name], addressOf(stepNames(v)))
			}
		}
	}
	return references
}

func addressOf(steps []string) string {
	n := 2
	if steps[0] == "data" {
		n = 3
	}
	return strings.Join(steps[:min(n, len(steps))], ".")
}

// checkUpstreams: with a missing upstream an apply must fail before it creates anything,
// but Terraform creates at once what has no dependency. So everything must depend on
// every upstream (see modules/upstream), except on those that are read only sometimes.
func (w *workspace) checkUpstreams(t *testing.T) {
	var upstreams []string
	for _, m := range w.blocks["module"] {
		if isUpstream(m) && m.Attr("required")+m.Attr("count")+m.Attr("for_each") == "" {
			upstreams = append(upstreams, "module."+m.Label())
		}
	}
	references := w.findReferences()
	for _, kind := range []string{"module", "resource"} {
		for _, b := range w.blocks[kind] {
			if isUpstream(b) {
				continue
			}
			address := strings.TrimPrefix(kind+"."+b.Label(), "resource.")
			reachable := findReachable(references, address)
			for _, up := range upstreams {
				if !slices.Contains(reachable, up) {
					t.Errorf("%s would be created although %s is missing: add depends_on = [%s.outputs]", address, up, up)
				}
			}
		}
	}
}

func isUpstream(b tftest.Block) bool { return b.Attr("source") == `"../../modules/upstream"` }

// findReachable returns everything that address refers to, directly or indirectly.
func findReachable(references map[string][]string, address string) []string {
	seen := map[string]bool{address: true}
	next := []string{address}
	for len(next) > 0 {
		node := next[0]
		next = next[1:]
		for _, to := range references[node] {
			if !seen[to] {
				seen[to] = true
				next = append(next, to)
			}
		}
	}
	var addresses []string
	for to := range seen {
		addresses = append(addresses, to)
	}
	return addresses
}
