package hcleval

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
)

// jsonNode is a JSON value with its position. HashiCorp's parser hides the parts of
// expressions in JSON, so these nodes are translated into the native syntax tree.
type jsonNode struct {
	rng     hcl.Range
	members []jsonMember // of an object
	items   []*jsonNode  // of an array
	kind    byte         // '{', '[', 's' string, 'v' any other value
	text    string
	value   cty.Value
}

type jsonMember struct {
	name  string
	rng   hcl.Range
	value *jsonNode
}

// blockLabels lists the block types of a configuration file with their number of labels;
// jsonTerraformBlocks lists those inside the terraform block.
var (
	blockLabels = map[string]int{
		"terraform": 0, "locals": 0, "variable": 1, "output": 1, "module": 1, "provider": 1,
		"resource": 2, "data": 2, "ephemeral": 2, "action": 2, "check": 1, "moved": 0, "import": 0, "removed": 0,
	}
	jsonTerraformBlocks = map[string]int{"backend": 1, "cloud": 0, "required_providers": 0, "provider_meta": 1}
)

// IsBlockType reports whether a configuration file may have blocks of a type.
func IsBlockType(name string) bool { _, ok := blockLabels[name]; return ok }

// parseJSON translates a .tf.json file.
func parseJSON(p string, text []byte) (*hclsyntax.Body, []*Problem) {
	if isJSONTooDeep(text) {
		return nil, []*Problem{{File: p, Text: tooDeepText}}
	}
	if _, diags := hcljson.Parse(text, ""); diags.HasErrors() {
		return nil, ProblemsOf(p, diags)
	}
	r := &jsonReader{text: text, dec: json.NewDecoder(bytes.NewReader(text)), path: p, line: 1}
	r.dec.UseNumber()
	root, err := r.readValue()
	if err != nil {
		return nil, []*Problem{{File: p, Line: r.line, Text: err.Error()}}
	}
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}
	for _, object := range root.objects() {
		for _, m := range object.members {
			if n, ok := blockLabels[m.name]; ok {
				body.Blocks = append(body.Blocks, r.toBlocks(m.name, nil, n, m.value)...)
			}
		}
	}
	return body, r.problems
}

// objects returns n itself, or the objects of an array.
func (n *jsonNode) objects() []*jsonNode {
	switch n.kind {
	case '{':
		return []*jsonNode{n}
	case '[':
		var result []*jsonNode
		for _, item := range n.items {
			result = append(result, item.objects()...)
		}
		return result
	}
	return nil
}

// toBlocks returns the blocks of n, which has as many levels of labels as more.
func (r *jsonReader) toBlocks(kind string, labels []string, more int, n *jsonNode) (result []*hclsyntax.Block) {
	for _, object := range n.objects() {
		if more == 0 {
			result = append(result, r.toBlock(kind, labels, object))
			continue
		}
		for _, m := range object.members {
			result = append(result, r.toBlocks(kind, append(labels[:len(labels):len(labels)], m.name), more-1, m.value)...)
		}
	}
	return result
}

func (r *jsonReader) toBlock(kind string, labels []string, n *jsonNode) *hclsyntax.Block {
	b := &hclsyntax.Block{
		Type: kind, Labels: labels, TypeRange: n.rng, OpenBraceRange: n.rng, CloseBraceRange: n.rng,
		Body: &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: n.rng, EndRange: n.rng},
	}
	for _, m := range n.members {
		if labels, ok := jsonTerraformBlocks[m.name]; ok && kind == "terraform" {
			b.Body.Blocks = append(b.Body.Blocks, r.toBlocks(m.name, nil, labels, m.value)...)
			continue
		}
		if m.name == "//" {
			continue // a comment
		}
		// A variable's default is literal; its validation is not.
		b.Body.Attributes[m.name] = &hclsyntax.Attribute{
			Name: m.name, NameRange: m.rng, SrcRange: m.value.rng,
			Expr: r.toExpression(m.value, kind == "variable" && m.name != "validation"),
		}
	}
	return b
}

// toExpression translates n. Strings are templates, unless they are literal.
func (r *jsonReader) toExpression(n *jsonNode, literal bool) hclsyntax.Expression {
	switch n.kind {
	case '{':
		o := &hclsyntax.ObjectConsExpr{SrcRange: n.rng, OpenRange: n.rng}
		for _, m := range n.members {
			key := &jsonNode{rng: m.rng, kind: 's', text: m.name}
			o.Items = append(o.Items, hclsyntax.ObjectConsItem{KeyExpr: r.toExpression(key, literal), ValueExpr: r.toExpression(m.value, literal)})
		}
		return o
	case '[':
		t := &hclsyntax.TupleConsExpr{SrcRange: n.rng, OpenRange: n.rng}
		for _, item := range n.items {
			t.Exprs = append(t.Exprs, r.toExpression(item, literal))
		}
		return t
	case 's':
		return r.toTemplate(n, literal)
	}
	return &hclsyntax.LiteralValueExpr{Val: n.value, SrcRange: n.rng}
}

func (r *jsonReader) toTemplate(n *jsonNode, literal bool) hclsyntax.Expression {
	if literal || !strings.ContainsAny(n.text, "$%") {
		return &hclsyntax.LiteralValueExpr{Val: cty.StringVal(n.text), SrcRange: n.rng}
	}
	if isTooDeep([]byte(n.text), hclsyntax.LexTemplate) {
		r.problems = append(r.problems, ProblemAt(r.path, n.rng, tooDeepText))
		return &hclsyntax.LiteralValueExpr{Val: cty.DynamicVal, SrcRange: n.rng}
	}
	x, diags := hclsyntax.ParseTemplate([]byte(n.text), r.path, n.rng.Start)
	if diags.HasErrors() {
		r.problems = append(r.problems, ProblemsOf(r.path, diags)...)
		return &hclsyntax.LiteralValueExpr{Val: cty.DynamicVal, SrcRange: n.rng}
	}
	if wrap, ok := x.(*hclsyntax.TemplateWrapExpr); ok {
		return wrap.Wrapped
	}
	return x
}
