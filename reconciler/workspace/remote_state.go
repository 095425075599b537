package workspace

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/settings"
)

// wildcard stands for a part of an identity that could not be evaluated.
const wildcard = "*"

// addRemoteState adds the state that a terraform_remote_state reads.
func (e *evaluation) addRemoteState(s *scope, r *resource) {
	if s.hasZeroInstances(r.bindings) {
		return
	}
	kind, cfg, ws := r.attributes["backend"], r.attributes["config"], r.attributes["workspace"]
	exprs := expressionsOf(kind, cfg, ws)
	if e.checker != nil {
		e.checker.checkRemoteState(s, r)
		return
	}
	s.forEach(r.bindings, nil, exprs, func(names bound) {
		args := s.patterns(cfg.Expression, names)
		workspace := defaultWorkspace
		if ws.Expression != nil {
			workspace = s.pattern(ws.Expression, names)
		}
		backend := wildcard
		if kind.Expression != nil {
			backend = s.pattern(kind.Expression, names)
		}
		read := wildcard // any backend
		switch {
		case strings.Contains(backend, wildcard):
		case args == nil:
			read = backend + ":" + wildcard
		default:
			read = identityOf(e.root.Path, backend, args, workspace)
		}
		e.reads[read] = true
		if strings.Contains(read, wildcard) && len(e.config.DependsOn) == 0 {
			format := "the state that this reads cannot be evaluated (%s): the workspace depends on every workspace that matches; list those that it reads in depends_on in %s"
			e.warnings = append(e.warnings, &hcleval.Problem{File: r.file, Line: r.line, Text: fmt.Sprintf(format, read, settings.File)})
		}
	})
}

func expressionsOf(definitions ...definition) []hclsyntax.Expression {
	var result []hclsyntax.Expression
	for _, d := range definitions {
		if d.Expression != nil {
			result = append(result, d.Expression)
		}
	}
	return result
}

// patterns returns the attributes of an object as patterns, or nil if their names are
// unknown.
func (s *scope) patterns(x hclsyntax.Expression, names bound) map[string]string {
	args := map[string]string{}
	if x == nil {
		return args
	}
	if o, ok := x.(*hclsyntax.ObjectConsExpr); ok {
		for _, item := range o.Items {
			key, ok := hcleval.AsString(s.evaluate(item.KeyExpr, names))
			if !ok {
				return nil
			}
			args[key] = s.pattern(item.ValueExpr, names)
		}
		return args
	}
	v, _ := s.evaluate(x, names).UnmarkDeep()
	if !hcleval.IsIterable(v) || !(v.Type().IsObjectType() || v.Type().IsMapType()) {
		return nil
	}
	for it := v.ElementIterator(); it.Next(); {
		k, v := it.Element()
		args[k.AsString()] = patternOf(v)
	}
	return args
}

// pattern returns the text of x, with "*" for each unknown part.
func (s *scope) pattern(x hclsyntax.Expression, names bound) string {
	t, ok := hcleval.Unwrap(x).(*hclsyntax.TemplateExpr)
	if !ok {
		return patternOf(s.evaluate(x, names))
	}
	var out strings.Builder
	for _, part := range t.Parts {
		if out.WriteString(patternOf(s.evaluate(part, names))); out.Len() > hcleval.MaxTextSize {
			return wildcard
		}
	}
	return out.String()
}

func patternOf(v cty.Value) string {
	v, _ = v.UnmarkDeep()
	switch {
	case v.IsKnown():
		return hcleval.ScalarText(v)
	case v.Type() == cty.String:
		return v.Range().StringPrefix() + wildcard
	default:
		return wildcard
	}
}

// backendRange returns the position of a backend block.
func backendRange(b *backendBlock) hcl.Range {
	if b.block == nil {
		return hcl.Range{}
	}
	return b.block.TypeRange
}
