package workspace

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/settings"
)

// addRemoteState adds the state that a terraform_remote_state reads.
func (e *evaluation) addRemoteState(s *module.Scope, r *module.Resource) {
	if s.HasZeroInstances(r.Bindings) {
		return
	}
	kind, cfg, ws := r.Attributes["backend"], r.Attributes["config"], r.Attributes["workspace"]
	exprs := module.ExpressionsOf(kind, cfg, ws)
	if e.checker != nil {
		e.checker.CheckRemoteState(s, r)
		return
	}
	s.ForEach(r.Bindings, nil, exprs, func(names module.Bound) {
		args := s.Patterns(cfg.Expression, names)
		workspace := settings.DefaultCLIWorkspace
		if ws.Expression != nil {
			workspace = s.Pattern(ws.Expression, names)
		}
		backend := module.Wildcard
		if kind.Expression != nil {
			backend = s.Pattern(kind.Expression, names)
		}
		read := stateid.ID(module.Wildcard) // any backend
		switch {
		case strings.Contains(backend, module.Wildcard):
		case args == nil:
			read = stateid.ID(backend + ":" + module.Wildcard)
		default:
			read = identityOf(e.root.Path, backend, args, workspace)
		}
		e.reads[read] = true
		if strings.Contains(string(read), module.Wildcard) && len(e.config.DependsOn) == 0 {
			format := "the state that this reads cannot be evaluated (%s): the workspace depends on every workspace that matches; list those that it reads in depends_on in %s"
			e.warnings = append(e.warnings, &hcleval.Problem{File: r.File, Line: r.Line, Text: fmt.Sprintf(format, read, settings.FileName)})
		}
	})
}

// backendRange returns the position of a backend block.
func backendRange(b *module.BackendBlock) hcl.Range {
	if b.Block == nil {
		return hcl.Range{}
	}
	return b.Block.TypeRange
}
