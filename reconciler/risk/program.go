package risk

import (
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/lazyregexp"
)

// programs are the kinds of provisioners that each resource of the configuration has, by
// its address without instance keys.
type programs map[string][]string

// provisionersOf reads a plan's configuration. Its JSON does not say whether a provisioner
// runs at creation or at destruction.
func provisionersOf(plan *tfjson.Plan) programs {
	found := programs{}
	if plan.Config != nil {
		found.addModule("", plan.Config.RootModule)
	}
	return found
}

func (p programs) addModule(prefix string, m *tfjson.ConfigModule) {
	if m == nil {
		return
	}
	for _, r := range m.Resources {
		for _, provisioner := range r.Provisioners {
			p[prefix+r.Address] = append(p[prefix+r.Address], provisioner.Type)
		}
	}
	for name, call := range m.ModuleCalls {
		if call != nil {
			p.addModule(prefix+"module."+name+".", call.Module)
		}
	}
}

// instanceKeyPattern is the key of an instance in an address: ["a"] or [0].
var instanceKeyPattern = lazyregexp.New(`\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]`)

// namesFor names the provisioners of a resource, or returns "".
func (p programs) namesFor(address string) string {
	if len(p) == 0 {
		return ""
	}
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(p[WithoutInstanceKeys(address)]))), ", ")
}

// WithoutInstanceKeys returns an address without the keys of its modules and its resource.
func WithoutInstanceKeys(address string) string {
	return instanceKeyPattern().ReplaceAllString(address, "")
}
