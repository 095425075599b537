package workspace

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// awsSettings are what a pull request may set in a provider of AWS; any other
// may say where requests go, who they are from, or which program to run.
var awsSettings = []string{
	"alias", "allowed_account_ids", "default_tags", "for_each", "forbidden_account_ids", "ignore_tags", "max_retries", "region",
	"retry_mode", "tag_policy_compliance", "token_bucket_rate_limiter_capacity", "use_dualstack_endpoint", "use_fips_endpoint", "version",
}

// setting is an argument of a provider or a backend; of one that lies in a
// block, or in an object, the name of the outermost.
type setting struct {
	name, path string
	value      hclsyntax.Expression // nil: a block without one
	at         hcl.Range
}

// settingsOf lists the arguments in a block and in all that lies in it.
func settingsOf(body *hclsyntax.Body, outermost, at string) (all []setting) {
	name := func(own string) string {
		if outermost != "" {
			return outermost
		}
		return own
	}
	for own, a := range body.Attributes {
		all = append(all, setting{name(own), at + own, a.Expr, a.NameRange})
	}
	for _, b := range body.Blocks {
		kind := b.Type
		if kind == "dynamic" && len(b.Labels) > 0 {
			kind = b.Labels[0]
		}
		all = append(all, setting{name(kind), at + kind, nil, b.TypeRange})
		all = append(all, settingsOf(b.Body, name(kind), at+kind+".")...)
	}
	return all
}

// key is the same for two settings that certainly have the same effect; "" if
// that cannot be told.
func (st setting) key(of string, value func(hclsyntax.Expression) cty.Value) string {
	if st.value == nil {
		return ""
	}
	v := value(st.value)
	if !v.IsWhollyKnown() {
		return ""
	}
	v, _ = v.UnmarkDeep()
	return of + " " + st.path + " = " + v.GoString()
}

// fileSettings name files, whose content a pull request may change.
var fileSettings = []string{
	"shared_config_files", "shared_credentials_files", "shared_credentials_file", "custom_ca_bundle", "web_identity_token_file",
	"assume_role_with_web_identity", "profile",
}

// settle refuses settings of providers and backends, but for those that the
// workspace has at the tip, of the same value.
func (r *refusal) settle(file string, b *hclsyntax.Block) {
	if b.Type == "terraform" {
		for _, inner := range b.Body.Blocks {
			if inner.Type == "backend" && len(inner.Labels) == 1 && r.proposal.Approved != nil {
				r.settleAll(file, b, inner, backendSettings[inner.Labels[0]])
			}
		}
		return
	}
	if len(b.Labels) == 1 {
		var harmless []string
		if bareSource(r.source(b.Labels[0])) == "hashicorp/aws" {
			harmless = awsSettings
		}
		r.settleAll(file, b, b, harmless)
	}
}

// settleAll refuses the settings in b that are not harmless; where it is not
// known which are, those that are refused by name.
func (r *refusal) settleAll(file string, top, b *hclsyntax.Block, harmless []string) {
	for _, st := range settingsOf(b.Body, "", "") {
		own := st.path[strings.LastIndexByte(st.path, '.')+1:]
		names := append([]string{own, st.name}, keysIn(st.value)...)
		bad := slices.ContainsFunc(names, r.trust.refuses) || harmless != nil && !slices.Contains(harmless, st.name)
		if !bad || slices.Contains(r.trust.Allowed, st.name) {
			continue
		}
		if approved := r.proposal.Approved; approved != nil && !slices.Contains(fileSettings, st.name) {
			if st.value == nil || approved.settings[st.key(title(b), constantValue)] {
				continue // what lies in a block is judged by itself
			}
		}
		r.refuse(file, st.at, own, "%s is not allowed in %s", st.path, title(top))
	}
}

// constantValue returns what an expression without references is.
func constantValue(x hclsyntax.Expression) cty.Value {
	v, diags := x.Value(nil)
	if diags.HasErrors() {
		return cty.DynamicVal
	}
	return v
}

// keysIn returns the keys of the objects in an expression: blocks, in JSON.
func keysIn(x hclsyntax.Expression) (keys []string) {
	if x == nil {
		return nil
	}
	_ = hclsyntax.VisitAll(x, func(n hclsyntax.Node) hcl.Diagnostics {
		if object, ok := n.(*hclsyntax.ObjectConsExpr); ok {
			for _, item := range object.Items {
				keys = append(keys, keyName(item.KeyExpr))
			}
		}
		return nil
	})
	return keys
}

// addSettings notes the settings of a provider or backend block.
func (m *module) addSettings(b *hclsyntax.Block) {
	for _, st := range settingsOf(b.Body, "", "") {
		if key := st.key(title(b), constantValue); key != "" {
			m.settings = append(m.settings, key)
		}
	}
}
