package module

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// maxInstances is the number of module instances that are evaluated separately in one
// workspace. Beyond it their arguments are unknown, which makes the inputs wider.
const maxInstances = 2000

// Evaluator holds what the scopes of one workspace share: the functions, and the steps that
// its evaluation may still take.
type Evaluator struct {
	Warnings []*hcleval.Problem // expressions that exceed a limit

	loader *Loader
	root   string // directory of the workspace
	// cliWorkspace is the value of terraform.workspace, which runs of the workspace set; "": not known.
	cliWorkspace string
	functions    *hcl.EvalContext // relative to root; nil: not needed yet, see functionContext
	strict       bool             // of code that nobody has approved: what is not certain is unknown

	loaded         map[string]bool // directories of modules
	tokens         int             // of their configuration
	instances      int             // number of module instances
	referenceDepth int             // nesting of references
	steps          int             // steps of evaluation
	choiceSteps    int             // number of choices examined
	choiceDepth    int             // nesting of choices
	meter          hcleval.Meter   // of the current expression
}

// NewEvaluator returns an evaluator for the workspace in the directory root, and in a Terraform
// CLI workspace.
func NewEvaluator(l *Loader, root, cliWorkspace string) *Evaluator {
	return &Evaluator{loader: l, root: root, cliWorkspace: cliWorkspace, loaded: map[string]bool{}}
}

// NewStrictEvaluator returns an evaluator of code that nobody has approved. A value is
// known only if it is the same in every version of Terraform and OpenTofu, and everywhere. The
// CLI workspace is "" if the settings do not say it.
func NewStrictEvaluator(l *Loader, root, cliWorkspace string) *Evaluator {
	return &Evaluator{loader: l, root: root, cliWorkspace: cliWorkspace, functions: restrictedFunctions(), strict: true, loaded: map[string]bool{}}
}

// functionContext returns the functions. Most workspaces need none.
func (e *Evaluator) functionContext() *hcl.EvalContext {
	if e.functions == nil {
		e.functions = e.treeFunctions()
	}
	return e.functions
}

// errTooLarge refuses a workspace before its configuration fills the memory.
var errTooLarge = fmt.Errorf("the workspace and its modules have more than %d words and signs of configuration, which is the limit: split the workspace", hcleval.MaxTokens)

// Load returns the module in the directory dir, unless the workspace is too large.
func (e *Evaluator) Load(dir string) (*Module, error) {
	if e.loaded[dir] {
		return e.loader.Load(dir)
	}
	if e.tokens > hcleval.MaxTokens {
		return nil, errTooLarge
	}
	m, err := e.loader.Load(dir)
	if err == nil {
		e.loaded[dir] = true
		e.tokens += m.tokens
	}
	return m, err
}

// ExceedsChoices reports whether the choices of the workspace exceed their limit.
func (e *Evaluator) ExceedsChoices() bool { return e.choiceSteps > maxChoiceSteps }

// ExceedsInstances reports whether more module instances were evaluated than the limit.
func (e *Evaluator) ExceedsInstances() bool { return e.instances > maxInstances }

// warnExceeded adds the warning about x, an expression in a file of the directory dir or in a
// template.
func (e *Evaluator) warnExceeded(dir string, x hclsyntax.Expression) {
	file := x.Range().Filename
	if name, ok := strings.CutPrefix(file, sharedPrefix); ok {
		file = path.Join(dir, name)
	}
	e.Warnings = append(e.Warnings, hcleval.ProblemAt(file, x.Range(),
		"this expression exceeds the evaluation limit: its value is unknown, and every file that it may name is an input"))
}

// RepoPath returns the repository path of text, which is relative to the workspace's
// directory.
func (e *Evaluator) RepoPath(text string) (string, bool) {
	p := path.Join(e.root, text)
	if path.IsAbs(text) {
		if p = path.Clean(text); p == RepoRoot {
			return ".", true
		}
		rest, ok := strings.CutPrefix(p, RepoRoot+"/")
		return rest, ok
	}
	return p, !repotree.IsOutside(p) && !strings.HasPrefix(text, "~")
}

// RepoPathOf returns the repository path of a known text.
func (e *Evaluator) RepoPathOf(v cty.Value) (string, bool) {
	text, ok := hcleval.AsString(v)
	if !ok {
		return "", false
	}
	return e.RepoPath(text)
}

// IsPath reports whether text could be the name of a file: one short line, not a URL.
func IsPath(text string) bool {
	return text != "" && len(text) < maxPathLength && !strings.ContainsAny(text, "\n\x00") && !strings.Contains(text, "://")
}
