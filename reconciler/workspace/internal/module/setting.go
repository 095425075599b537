package module

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
)

// Setting is an argument of a provider or a backend. For an argument in a block or an
// object, it has the name of the outermost one.
type Setting struct {
	Name, Path string
	Value      hclsyntax.Expression // nil: a block without one
	Range      hcl.Range
}

// SettingsOf returns the arguments in a block and in everything inside it.
func SettingsOf(body *hclsyntax.Body, outermost, prefix string) (result []Setting) {
	name := func(label string) string {
		if outermost != "" {
			return outermost
		}
		return label
	}
	for label, a := range body.Attributes {
		result = append(result, Setting{name(label), prefix + label, a.Expr, a.NameRange})
	}
	for _, b := range body.Blocks {
		kind := b.Type
		if kind == "dynamic" && len(b.Labels) > 0 {
			kind = b.Labels[0]
		}
		result = append(result, Setting{name(kind), prefix + kind, nil, b.TypeRange})
		result = append(result, SettingsOf(b.Body, name(kind), prefix+kind+".")...)
	}
	return result
}

// Key returns the same text for two settings only if they certainly have the same effect.
// It returns "" if that is unknown.
func (st Setting) Key(owner string, value func(hclsyntax.Expression) cty.Value) string {
	if st.Value == nil {
		return ""
	}
	v := value(st.Value)
	if !v.IsWhollyKnown() {
		return ""
	}
	v, _ = v.UnmarkDeep()
	return owner + " " + st.Path + " = " + v.GoString()
}

func (m *Module) addSettings(b *hclsyntax.Block) {
	for _, st := range SettingsOf(b.Body, "", "") {
		if key := st.Key(BlockTitle(b), hcleval.ConstantValue); key != "" {
			m.Settings = append(m.Settings, key)
		}
	}
}

// BlockTitle returns the type and the labels of a block.
func BlockTitle(b *hclsyntax.Block) string {
	return strings.Join(append([]string{b.Type}, b.Labels...), " ")
}
