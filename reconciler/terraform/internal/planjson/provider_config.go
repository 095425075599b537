package planjson

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/plandigest"
)

// providerConfig is the configuration of a provider whose resources a plan changes. It says
// where and as whom the plan acts: a region, a role, an endpoint.
type providerConfig struct {
	Address  string             `json:"address"` // such as "provider.aws.osaka"
	Provider string             `json:"provider"`
	Settings map[string]setting `json:"settings"` // by path, such as "assume_role.0.role_arn"
	// Values has what the settings refer to, by the whole reference: values of variables,
	// arguments of modules and the texts of locals. Data sources and resources are left out,
	// because some of their values, such as tokens, differ in each plan.
	Values map[string]any `json:"values,omitempty"`

	hidden map[string]bool // references in Values that are sensitive
}

// setting is the value of one argument: its text in the root module. Of other modules only
// the plan's JSON is at hand, which has no text where there are references.
type setting struct {
	Text       string             `json:"text,omitempty"`
	Expression *tfjson.Expression `json:"expression,omitempty"`
	references []string
}

// Expression is one that the root module has: its text, and what that refers to, such as
// "var.region".
type Expression struct {
	Text       string
	References []string
}

// RootModule is what the files of the root module say beyond the JSON of a plan.
type RootModule struct {
	Locals map[string]Expression
	// Providers are the arguments of provider blocks, by "NAME" or "NAME.ALIAS" and by path.
	Providers map[string]map[string]Expression
}

// findProviderConfigs returns the configurations of the providers that a difference uses.
func findProviderConfigs(plan *tfjson.Plan, d Difference, root RootModule) []providerConfig {
	if plan.Config == nil {
		return nil
	}
	var found []providerConfig
	for _, key := range slices.Sorted(maps.Keys(plan.Config.ProviderConfigs)) {
		config := plan.Config.ProviderConfigs[key]
		isUsed := slices.ContainsFunc(d.Resources, func(r resourceChange) bool { return r.Provider == config.FullName }) || len(d.Invocations) > 0
		if !isUsed || len(config.Expressions) == 0 {
			continue
		}
		name := strings.TrimSuffix(config.Name+"."+config.Alias, ".")
		p := providerConfig{
			Address: strings.TrimPrefix(config.ModuleAddress+".provider."+name, "."), Provider: config.FullName,
			Settings: map[string]setting{}, Values: map[string]any{}, hidden: map[string]bool{},
		}
		for path, expression := range config.Expressions {
			p.Settings[path] = setting{Expression: expression, references: referencesOf(expression)}
		}
		if written := root.Providers[name]; config.ModuleAddress == "" && len(written) > 0 {
			clear(p.Settings)
			for path, expression := range written {
				p.Settings[path] = setting{Text: expression.Text, references: expression.References}
			}
		}
		scopes := findScopes(plan.Config.RootModule, config.ModuleAddress)
		for _, s := range p.Settings {
			for _, reference := range s.references {
				p.resolve(plan, scopes, root.Locals, reference)
			}
		}
		found = append(found, p)
	}
	slices.SortFunc(found, func(a, b providerConfig) int { return cmp.Compare(a.Address, b.Address) })
	return found
}

// scope is a module of the configuration, and the call that it was reached by.
type scope struct {
	address string // "" for the root module
	module  *tfjson.ConfigModule
	call    *tfjson.ModuleCall
}

// findScopes returns the modules on the way to an address, the root module first.
func findScopes(root *tfjson.ConfigModule, address string) []scope {
	scopes := []scope{{module: root}}
	steps := strings.Split(address, ".")
	for i := 1; i < len(steps); i += 2 {
		last := scopes[len(scopes)-1]
		if last.module == nil || last.module.ModuleCalls[steps[i]] == nil {
			break
		}
		call := last.module.ModuleCalls[steps[i]]
		scopes = append(scopes, scope{strings.Join(steps[:i+1], ".") + ".", call.Module, call})
	}
	return scopes
}

// resolve adds the value of a reference in the last of the scopes, and what that refers to.
func (p *providerConfig) resolve(plan *tfjson.Plan, scopes []scope, locals map[string]Expression, reference string) {
	kind, rest, _ := strings.Cut(reference, ".")
	name, _, _ := strings.Cut(rest, ".")
	name, _, _ = strings.Cut(name, "[")
	here := scopes[len(scopes)-1]
	key := here.address + kind + "." + name
	if _, known := p.Values[key]; known || here.module == nil {
		return
	}
	declared := here.module.Variables[name]
	switch {
	case kind == "local" && len(scopes) == 1:
		p.Values[key] = locals[name].Text
		for _, next := range locals[name].References {
			p.resolve(plan, scopes, locals, next)
		}
	case kind != "var":
	case len(scopes) == 1:
		p.Values[key] = nil
		if value := plan.Variables[name]; value != nil {
			p.Values[key] = value.Value
		}
		p.hidden[key] = declared == nil || declared.Sensitive
	case here.call.Expressions[name] != nil:
		p.Values[key] = here.call.Expressions[name]
		for _, next := range referencesOf(here.call.Expressions[name]) {
			p.resolve(plan, scopes[:len(scopes)-1], locals, next)
		}
	case declared != nil:
		p.Values[key] = declared.Default
	}
}

// referencesOf returns what an expression refers to, also in the blocks of a nested one.
func referencesOf(e *tfjson.Expression) []string {
	if e == nil || e.ExpressionData == nil {
		return nil
	}
	all := slices.Clone(e.References)
	for _, block := range e.NestedBlocks {
		for _, inner := range block {
			all = append(all, referencesOf(inner)...)
		}
	}
	return all
}

// describe returns the configuration as the record keeps it: hashes, and the region in
// words. Other settings may be secrets that nobody marked.
func (p providerConfig) describe(basis Basis, redact func(string) string) plandigest.Change {
	out := plandigest.Change{Address: p.Address, Action: "configure"}
	for _, path := range slices.Sorted(maps.Keys(p.Settings)) {
		s := p.Settings[path]
		hashed := []any{s}
		if len(s.references) > 0 {
			hashed = append(hashed, p.Values)
		}
		value := plandigest.Value{Hash: shorten(basis.hash(hashed), hashLength)}
		if path == "region" {
			value.Text = shorten(redact(p.explain(s)), plandigest.MaxText)
		}
		out.Attributes = append(out.Attributes, plandigest.Attribute{Path: path, After: value})
	}
	return out
}

// explain returns a setting in words: its text, or the value of the variable that it is.
func (p providerConfig) explain(s setting) string {
	if len(s.references) == 1 && s.references[0] == s.Text && !p.hidden[s.Text] && p.Values[s.Text] != nil {
		text, _ := json.Marshal(p.Values[s.Text]) // plain values always encode
		return string(text)
	}
	return s.Text
}
