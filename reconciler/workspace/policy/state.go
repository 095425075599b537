package policy

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
)

// allowedBackendSettings are the settings of a backend that a pull request may change. The
// location of the state is not among them: the tip determines it.
var allowedBackendSettings = map[string][]string{
	"s3": {
		"acl", "allowed_account_ids", "bucket", "dynamodb_table", "encrypt", "forbidden_account_ids", "key", "kms_key_id",
		"max_retries", "region", "retry_mode", "use_lockfile", "workspace_key_prefix",
	},
	workspace.LocalBackend: {"path", "workspace_dir"},
}

// allowedReadSettings are the allowed settings in the config of a terraform_remote_state.
var allowedReadSettings = map[string][]string{
	"s3":                   {"bucket", "key", "region", "workspace_key_prefix", "encrypt", "use_lockfile", "dynamodb_table", "kms_key_id"},
	workspace.LocalBackend: {"path"},
}

// checkBackend refuses a state at another location than the workspace's state at the tip. A
// new workspace is planned without a backend.
func (r *checker) checkBackend(w *workspace.Workspace) {
	tip := r.proposal.TipWorkspace
	if tip == nil {
		return
	}
	switch {
	case w.Backend.Type == "" || w.Identity != tip.Identity:
		r.addViolation(w.Path, hcl.Range{}, "backend", "it moves the state: a moved state can be planned only after the merge")
	case allowedBackendSettings[w.Backend.Type] == nil && !w.HasBackendOf(tip):
		r.addViolation(w.Path, hcl.Range{}, "backend", "it changes the settings of backend %q", w.Backend.Type)
	}
	if w.Config.BackendConfig == "" {
		return
	}
	values, _ := r.modules.ReadAttributes(w.Config.BackendConfig)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		allowed := allowedBackendSettings[w.Backend.Type]
		if w.HasBackendOf(tip) && !slices.Contains(fileSettings, name) {
			continue
		}
		if r.policy.RefusesName(name) || allowed != nil && !slices.Contains(allowed, name) {
			r.addViolation(w.Config.BackendConfig, hcl.Range{}, name, "%s is not allowed", name)
		}
	}
}

// CheckRemoteState refuses reading a state in a way that leads out of the cloud or out of
// the tree.
func (r *checker) CheckRemoteState(s *module.Scope, data *module.Resource) {
	kind, cfg, ws := data.Attributes["backend"], data.Attributes["config"], data.Attributes["workspace"]
	s.ForEach(data.Bindings, nil, module.ExpressionsOf(kind, cfg, ws), func(names module.Bound) {
		for _, k := range s.Choices(kind.Expression, names) {
			backend, _ := hcleval.AsString(k)
			allowed := allowedReadSettings[backend]
			if allowed == nil {
				r.addRemoteStateViolation(data, "terraform_remote_state", "backend %q is not allowed; allowed are s3 and local", backend)
				continue
			}
			if backend == workspace.LocalBackend && ws.Expression != nil {
				r.addRemoteStateViolation(data, "terraform_remote_state", "workspace is not allowed with backend local: it may lead outside the repository")
			}
			for _, c := range r.remoteStateConfigs(s, cfg, names) {
				r.checkRemoteStateConfig(data, backend, c, allowed)
			}
		}
	})
}

// remoteStateConfigs returns the possible values of a terraform_remote_state's config.
func (r *checker) remoteStateConfigs(s *module.Scope, cfg module.Definition, names module.Bound) []cty.Value {
	if cfg.Expression == nil {
		return []cty.Value{cty.EmptyObjectVal}
	}
	return s.Choices(cfg.Expression, names)
}

func (r *checker) checkRemoteStateConfig(data *module.Resource, backend string, config cty.Value, allowed []string) {
	config, _ = config.Unmark()
	if !hcleval.IsIterable(config) || !config.Type().IsObjectType() && !config.Type().IsMapType() {
		r.addRemoteStateViolation(data, "terraform_remote_state", "its config is not known before Terraform runs")
		return
	}
	for it := config.ElementIterator(); it.Next(); {
		k, v := it.Element()
		name, _ := hcleval.AsString(k)
		if !slices.Contains(allowed, name) {
			r.addRemoteStateViolation(data, name, "%s is not allowed", name)
			continue
		}
		if backend != workspace.LocalBackend {
			continue
		}
		text, known := hcleval.AsString(v)
		switch p, ok := r.paths.RepoPath(text); {
		case !known:
			r.addRemoteStateViolation(data, "terraform_remote_state", "its path is not known before Terraform runs")
		case !ok || path.IsAbs(text):
			r.addRemoteStateViolation(data, "terraform_remote_state", "reads outside the repository")
		default:
			// Terraform follows the path step by step, with its links.
			if _, err := repotree.ResolveLinks(r.tree, r.proposal.Dir.Path+"/"+text); err != nil {
				r.addRemoteStateViolation(data, "terraform_remote_state", "%s", err)
			} else if isInTerraformDir(p) {
				r.addRemoteStateViolation(data, "terraform_remote_state", "reads a file that is not part of the repository")
			}
		}
	}
}

func (r *checker) addRemoteStateViolation(data *module.Resource, name, format string, args ...any) {
	r.addViolation(data.File, hcl.Range{Start: hcl.Pos{Line: data.Line}}, name, "terraform_remote_state: "+format, args...)
}

// isInTerraformDir reports whether a path is in Terraform's own directory.
func isInTerraformDir(p string) bool { return slices.Contains(strings.Split(p, "/"), ".terraform") }
