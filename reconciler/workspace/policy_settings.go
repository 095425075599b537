package workspace

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/settings"
)

// allowedAWSSettings are the settings of an AWS provider that a pull request may change.
// Any other may determine where requests go, with which identity, or which program runs.
var allowedAWSSettings = []string{
	"alias", "allowed_account_ids", "default_tags", "for_each", "forbidden_account_ids", "ignore_tags", "max_retries", "region",
	"retry_mode", "tag_policy_compliance", "token_bucket_rate_limiter_capacity", "use_dualstack_endpoint", "use_fips_endpoint", "version",
}

// setting is an argument of a provider or a backend. For an argument in a block or an
// object, it has the name of the outermost one.
type setting struct {
	name, path string
	value      hclsyntax.Expression // nil: a block without one
	rng        hcl.Range
}

// settingsOf returns the arguments in a block and in everything inside it.
func settingsOf(body *hclsyntax.Body, outermost, prefix string) (result []setting) {
	name := func(label string) string {
		if outermost != "" {
			return outermost
		}
		return label
	}
	for label, a := range body.Attributes {
		result = append(result, setting{name(label), prefix + label, a.Expr, a.NameRange})
	}
	for _, b := range body.Blocks {
		kind := b.Type
		if kind == "dynamic" && len(b.Labels) > 0 {
			kind = b.Labels[0]
		}
		result = append(result, setting{name(kind), prefix + kind, nil, b.TypeRange})
		result = append(result, settingsOf(b.Body, name(kind), prefix+kind+".")...)
	}
	return result
}

// key returns the same text for two settings only if they certainly have the same effect.
// It returns "" if that is unknown.
func (st setting) key(owner string, value func(hclsyntax.Expression) cty.Value) string {
	if st.value == nil {
		return ""
	}
	v := value(st.value)
	if !v.IsWhollyKnown() {
		return ""
	}
	v, _ = v.UnmarkDeep()
	return owner + " " + st.path + " = " + v.GoString()
}

// fileSettings name files, whose content a pull request may change.
var fileSettings = []string{
	"shared_config_files", "shared_credentials_files", "shared_credentials_file", "custom_ca_bundle", "web_identity_token_file",
	"assume_role_with_web_identity", "profile",
}

// checkBlockSettings refuses settings of providers and backends, except those that the
// workspace has at the tip with the same value.
func (r *policyChecker) checkBlockSettings(file string, b *hclsyntax.Block) {
	if b.Type == "terraform" {
		for _, inner := range b.Body.Blocks {
			if inner.Type == "backend" && len(inner.Labels) == 1 && r.proposal.TipWorkspace != nil {
				r.checkSettings(file, b, inner, allowedBackendSettings[inner.Labels[0]])
			}
		}
		return
	}
	if len(b.Labels) == 1 {
		var allowed []string
		if settings.NormalizeSource(r.providerSource(b.Labels[0])) == "hashicorp/aws" {
			allowed = allowedAWSSettings
		}
		r.checkSettings(file, b, b, allowed)
	}
}

// checkSettings refuses the settings in b that are not in allowed. Without a list, it
// refuses those that the policy refuses by name.
func (r *policyChecker) checkSettings(file string, outermost, b *hclsyntax.Block, allowed []string) {
	for _, st := range settingsOf(b.Body, "", "") {
		lastName := st.path[strings.LastIndexByte(st.path, '.')+1:]
		names := append([]string{lastName, st.name}, objectKeys(st.value)...)
		isRefused := slices.ContainsFunc(names, r.policy.RefusesName) || allowed != nil && !slices.Contains(allowed, st.name)
		if !isRefused || slices.Contains(r.policy.AllowedNames, st.name) {
			continue
		}
		if tip := r.proposal.TipWorkspace; tip != nil && !slices.Contains(fileSettings, st.name) {
			if st.value == nil || tip.settings[st.key(blockTitle(b), hcleval.ConstantValue)] {
				continue // the content of a block is checked separately
			}
		}
		r.addViolation(file, st.rng, lastName, "%s is not allowed in %s", st.path, blockTitle(outermost))
	}
}

// objectKeys returns the keys of the objects in an expression: blocks, in JSON.
func objectKeys(x hclsyntax.Expression) (keys []string) {
	if x == nil {
		return nil
	}
	_ = hclsyntax.VisitAll(x, func(n hclsyntax.Node) hcl.Diagnostics {
		if object, ok := n.(*hclsyntax.ObjectConsExpr); ok {
			for _, item := range object.Items {
				keys = append(keys, hcleval.KeyName(item.KeyExpr))
			}
		}
		return nil
	})
	return keys
}

func (m *module) addSettings(b *hclsyntax.Block) {
	for _, st := range settingsOf(b.Body, "", "") {
		if key := st.key(blockTitle(b), hcleval.ConstantValue); key != "" {
			m.settings = append(m.settings, key)
		}
	}
}
