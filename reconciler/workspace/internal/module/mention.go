package module

import (
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
)

// AnyName begins a mention that is only the end of a file's name, as in "${name}.md".
const AnyName = "*"

// addWords adds the words of a text that may name a file or a directory to mentions: those
// with a slash or a dot, without what leads to them ("./x" is "x").
func addWords(text string, mentions map[string]bool) {
	if !strings.ContainsAny(text, "./") && !isUpper(text) {
		return
	}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \t\n\"'`=:;,|&()<>@", r) }) {
		if !strings.ContainsAny(word, "./") && !isUpper(word) {
			continue
		}
		i := strings.LastIndexAny(word, "*%{}")
		if end := word[i+1:]; i >= 0 || strings.HasPrefix(word, ".") { // "%s.md", "docs/*.md", ".md"
			if ext := path.Ext(end); ext != "" && !strings.HasSuffix(end, "/") {
				mentions[AnyName+ext] = true
			}
		}
		if word = strings.TrimLeft(path.Clean("/"+word), "/"); word != "" {
			mentions[word] = true
		}
	}
}

// isUpper reports whether a text has no small letters, as names such as LICENSE.
func isUpper(text string) bool { return len(text) > 3 && strings.ToUpper(text) == text }

// AddMentions adds the mentions of the texts in v.
func AddMentions(v cty.Value, mentions map[string]bool) {
	v, _ = v.UnmarkDeep()
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		if text, known := hcleval.AsString(v); known {
			addWords(text, mentions)
		}
		return true, nil
	})
}

// noteMentions adds the mentions of the literal texts in e. Arguments of functions that read
// files are evaluated, and so left out.
func (m *Module) noteMentions(e hclsyntax.Expression) {
	_ = hclsyntax.Walk(e, &mentionWalker{mentions: m.Mentions})
}

// mentionWalker adds the mentions of literal texts.
type mentionWalker struct {
	mentions map[string]bool
	reading  int // nesting of functions that read files
}

// Enter implements hclsyntax.Walker.
func (w *mentionWalker) Enter(n hclsyntax.Node) hcl.Diagnostics {
	if readsFile(n) {
		w.reading++
	}
	if literal, ok := n.(*hclsyntax.LiteralValueExpr); ok && w.reading == 0 {
		if text, known := hcleval.AsString(literal.Val); known {
			addWords(text, w.mentions)
		}
	}
	return nil
}

// Exit implements hclsyntax.Walker.
func (w *mentionWalker) Exit(n hclsyntax.Node) hcl.Diagnostics {
	if readsFile(n) {
		w.reading--
	}
	return nil
}

func readsFile(n hclsyntax.Node) bool {
	call, ok := n.(*hclsyntax.FunctionCallExpr)
	if !ok {
		return false
	}
	_, ok = fileFunctions[strings.TrimPrefix(call.Name, "core::")]
	return ok
}
