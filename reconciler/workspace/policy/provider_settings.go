package policy

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/settings"
)

// allowedAWSSettings are the settings of an AWS provider that a pull request may change.
// Any other may determine where requests go, with which identity, or which program runs.
var allowedAWSSettings = []string{
	"alias", "allowed_account_ids", "default_tags", "for_each", "forbidden_account_ids", "ignore_tags", "max_retries", "region",
	"retry_mode", "tag_policy_compliance", "token_bucket_rate_limiter_capacity", "use_dualstack_endpoint", "use_fips_endpoint", "version",
}

// fileSettings name files, whose content a pull request may change.
var fileSettings = []string{
	"shared_config_files", "shared_credentials_files", "shared_credentials_file", "custom_ca_bundle", "web_identity_token_file",
	"assume_role_with_web_identity", "profile",
}

// checkBlockSettings refuses settings of providers and backends, except those that the
// workspace has at the tip with the same value.
func (r *checker) checkBlockSettings(file string, b *hclsyntax.Block) {
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
		if settings.IsAWSProvider(r.providerSource(b.Labels[0])) {
			allowed = allowedAWSSettings
		}
		r.checkSettings(file, b, b, allowed)
	}
}

// checkSettings refuses the settings in b that are not in allowed. Without a list, it
// refuses those that the policy refuses by name.
func (r *checker) checkSettings(file string, outermost, b *hclsyntax.Block, allowed []string) {
	for _, st := range module.SettingsOf(b.Body, "", "") {
		lastName := st.Path[strings.LastIndexByte(st.Path, '.')+1:]
		names := append([]string{lastName, st.Name}, objectKeys(st.Value)...)
		isRefused := slices.ContainsFunc(names, r.policy.RefusesName) || allowed != nil && !slices.Contains(allowed, st.Name)
		if !isRefused || slices.Contains(r.policy.AllowedNames, st.Name) {
			continue
		}
		if tip := r.proposal.TipWorkspace; tip != nil && !slices.Contains(fileSettings, st.Name) {
			if st.Value == nil || tip.HasSetting(st.Key(module.BlockTitle(b), hcleval.ConstantValue)) {
				continue // the content of a block is checked separately
			}
		}
		r.addViolation(file, st.Range, lastName, "%s is not allowed in %s", st.Path, module.BlockTitle(outermost))
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
