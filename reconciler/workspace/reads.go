package workspace

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// anyPart stands for a part of an identity that could not be evaluated.
const anyPart = "*"

// remoteState takes in the state that a terraform_remote_state reads.
func (e *evaluation) remoteState(s *scope, r *resource) {
	if s.none(r.bindings) {
		return
	}
	kind, cfg, ws := r.attributes["backend"], r.attributes["config"], r.attributes["workspace"]
	exprs := expressionsOf(kind, cfg, ws)
	if e.refusal != nil {
		e.refusal.remoteState(s, r)
		return
	}
	s.each(r.bindings, nil, exprs, func(names bound) {
		args := s.patterns(cfg.Expression, names)
		workspace := defaultWorkspace
		if ws.Expression != nil {
			workspace = s.pattern(ws.Expression, names)
		}
		backend := anyPart
		if kind.Expression != nil {
			backend = s.pattern(kind.Expression, names)
		}
		read := anyPart // of any backend
		switch {
		case strings.Contains(backend, anyPart):
		case args == nil:
			read = backend + ":" + anyPart
		default:
			read = identity(e.root.Path, backend, args, workspace)
		}
		e.reads[read] = true
		if strings.Contains(read, anyPart) && len(e.config.DependsOn) == 0 {
			said := "which state this reads cannot be evaluated (%s): it waits for every workspace that fits; name those it reads in depends_on in %s"
			e.warnings = append(e.warnings, &Problem{File: r.file, Line: r.line, Text: fmt.Sprintf(said, read, SettingsFile)})
		}
	})
}

func expressionsOf(definitions ...definition) []hclsyntax.Expression {
	var all []hclsyntax.Expression
	for _, d := range definitions {
		if d.Expression != nil {
			all = append(all, d.Expression)
		}
	}
	return all
}

// patterns returns the attributes of an object as patterns; nil if not even
// their names are known.
func (s *scope) patterns(x hclsyntax.Expression, names bound) map[string]string {
	args := map[string]string{}
	if x == nil {
		return args
	}
	if o, ok := x.(*hclsyntax.ObjectConsExpr); ok {
		for _, item := range o.Items {
			key, ok := asString(s.value(item.KeyExpr, names))
			if !ok {
				return nil
			}
			args[key] = s.pattern(item.ValueExpr, names)
		}
		return args
	}
	v, _ := s.value(x, names).UnmarkDeep()
	if !iterable(v) || !(v.Type().IsObjectType() || v.Type().IsMapType()) {
		return nil
	}
	for it := v.ElementIterator(); it.Next(); {
		k, v := it.Element()
		args[k.AsString()] = patternOf(v)
	}
	return args
}

// pattern returns the text that x is, with "*" for each part of it that is
// not known.
func (s *scope) pattern(x hclsyntax.Expression, names bound) string {
	t, ok := unwrap(x).(*hclsyntax.TemplateExpr)
	if !ok {
		return patternOf(s.value(x, names))
	}
	var out strings.Builder
	for _, part := range t.Parts {
		if out.WriteString(patternOf(s.value(part, names))); out.Len() > maxText {
			return anyPart
		}
	}
	return out.String()
}

func patternOf(v cty.Value) string {
	v, _ = v.UnmarkDeep()
	switch {
	case v.IsKnown():
		return scalar(v)
	case v.Type() == cty.String:
		return v.Range().StringPrefix() + anyPart
	default:
		return anyPart
	}
}

// hclRange returns where a backend stands.
func hclRange(b *backendBlock) hcl.Range {
	if b.block == nil {
		return hcl.Range{}
	}
	return b.block.TypeRange
}
