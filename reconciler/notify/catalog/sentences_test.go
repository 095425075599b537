package catalog

import (
	"fmt"
	"go/ast"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// notForPeople are the directories and files whose texts no person reads in the program: what
// only tests, builds and protocols have, and what is written to logs, to Git or to other services.
var notForPeople = []string{
	"cmd/webhook/", "reconciler/backlog/webhook/", // a Lambda function: its log, and answers to Backlog
	"cmd/reconcile/internal/page/target/", // headers
	"cmd/reconcile/internal/self/", "cmd/reconcile/help.go", "cmd/reconcile/help_flags.go", "cmd/reconcile/manual_pages.go",
	"cmd/reconcile/internal/scaffold/scaffold.go", "cmd/reconcile/internal/scaffold/aws.go", // files in Git
	"reconciler/notify/catalog/", "reconciler/risk/knowledge.go", "reconciler/risk/condition.go", // about data that is built in
	"reconciler/workspace/internal/hcleval/functions", // Terraform's words
	"internal/awsfake/", "internal/release/", "internal/testtier/",
}

// notSentences are texts that no person reads, or that are the words of others and compared with
// what they say.
var notSentences = map[string]bool{
	"digraph workspaces {": true, "exit status %d": true, "ecs:DescribeClusters and ecs:DescribeTaskDefinition": true,
	"pass started": true, "could not write the page; the next pass tries again": true, // an HTTP answer, a log line
	"The estate": true, "Networks say whose they are": true, // commits of the quickstart
	"\n# Each is a Terraform CLI workspace of its directory.\n": true, "\n# %s has Terraform CLI workspaces. Write an entry for each.\n# workspace %s {\n#   directory           = %s\n#   terraform_workspace = \"prod\"\n# }\n": true,
	"out of memory": true, "no space left on device": true, "Provider dependency changes detected": true,
	"recorded in the dependency lock file": true, "Inconsistent dependency lock file": true, "is not authorized to perform": true,
	"No valid credential sources found": true, "Failed to query available provider packages": true, "plugin schemas": true,
	"Failed to install provider": true, "No value for required variable": true, "Saved plan is stale": true,
	"plugins are not installed": true, "exec format error": true, "provider schema": true, "instantiate provider": true, "remote plugin": true,
	"Plugin did not respond": true, "Error: Error releasing the state lock": true, "Missing the key": true,
	"Acquiring state lock. This may take a few moments...": true, "Error: the sandbox:": true,
	"the request has not the token of the program that these credentials are for": true, // an answer to Terraform
	"workspace list": true, "state pull": true, "%s state push %s": true, "version https://git-lfs.github.com/spec/v1\n": true,
	"set %s": true, "%s takes %s": true, "%s %s is not allowed": true, "%s workspace %s: %w": true, "%s DynamoDB table %s: no answer in time: %w": true, "%s DynamoDB table %s: %s%w": true, "values file %s %s": true, "record the rollout of": true, "record the start of the apply of": true, // put together
	"path prefix": true, "key element": true, "key schema": true,
}

// errorMakers are functions whose literal argument is an error, or a part of one.
var errorMakers = map[string]bool{"Errorf": true, "New": true, "ProblemAt": true, "addProblem": true, "addWarning": true, "refuse": true}

// readers are functions and fields whose literals are compared with what others say, or are
// formats of others.
var readers = regexp.MustCompile(`^(strings|bytes|regexp|lazyregexp|exec|time|http|os|filepath|path|hcl|slog)\.|\.(Format|Set|Handle|HandleFunc|HasPrefix|Contains|String|Flags|MarkHidden)$|(^|\.)([lL]og|[lL]ogger)(\.With\(.*\))?\.[A-Z]|^(Use|Example|Short|Long|annotation.*)$`)

// TestSentencesOfTheCode checks that each text of the program that people can read is Japanese,
// put together as the program does: errors with their values and causes, next steps, warnings,
// findings and results.
func TestSentencesOfTheCode(t *testing.T) {
	t.Parallel()
	tr := newTranslator(t)
	visitFiles(t, func(path string, file *ast.File) {
		path = filepath.ToSlash(path)
		isTest := strings.HasSuffix(filepath.Dir(path), "test")
		if isTest || strings.HasSuffix(path, "_templ.go") || slices.ContainsFunc(notForPeople, func(dir string) bool { return strings.HasPrefix(path, dir) }) {
			return
		}
		visitTexts(file, func(maker, text string) {
			if notSentences[text] || strings.HasPrefix(text, "page.") || readers.MatchString(maker) || isTranslated(tr, text, errorMakers[maker[strings.LastIndex(maker, ".")+1:]]) {
				return
			}
			t.Errorf("%s: no translation of %q (%s): %s", path, text, maker, tr.Translate(fillVerbs(text)))
		})
	})
}

// visitTexts visits the texts of a file that are put together from literals, with the function or
// field that takes them.
func visitTexts(file *ast.File, visit func(maker, text string)) {
	var stack []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		var parent ast.Node
		if len(stack) > 0 {
			parent = stack[len(stack)-1]
		}
		stack = append(stack, n)
		e, isExpression := n.(ast.Expr)
		if !isExpression || isPartOfText(parent) {
			return true
		}
		switch e.(type) {
		case *ast.BasicLit, *ast.BinaryExpr:
			if text, isText := foldText(e); isText {
				visit(makerOf(parent), text)
			}
		}
		return true
	})
}

// isPartOfText reports whether what a node holds is a part of a larger text, or none.
func isPartOfText(parent ast.Node) bool {
	switch p := parent.(type) {
	case *ast.BinaryExpr, *ast.Field, *ast.ImportSpec, *ast.CaseClause, *ast.IndexExpr:
		return true
	case *ast.ParenExpr:
		return p != nil
	}
	return false
}

func makerOf(parent ast.Node) string {
	switch p := parent.(type) {
	case *ast.CallExpr:
		return nameOf(p.Fun)
	case *ast.KeyValueExpr:
		return nameOf(p.Key)
	}
	return ""
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return nameOf(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		return nameOf(e.Fun) + "()"
	}
	return ""
}

// isTranslated reports whether a text comes out in Japanese, with values in it; a text that is no
// sentence need not. Of an error each word counts.
func isTranslated(tr *Translator, text string, isError bool) bool {
	plain := quoted.ReplaceAllString(verbPattern().ReplaceAllString(text, " "), " ")
	if command.MatchString(text) {
		return true
	}
	if words := englishWord.FindAllString(plain, -1); len(words) == 0 || !isError && !englishPhrase.MatchString(plain) {
		return true
	}
	got := tr.Translate(fillVerbs(text))
	if japanese.MatchString(got) && !englishPhrase.MatchString(quoted.ReplaceAllString(got, " ")) {
		return true
	}
	if rest, isTail := strings.CutPrefix(text, "%s"); isTail && rest != "" && rest[0] != ' ' && rest[0] != ':' {
		return isTranslated(tr, rest, isError) // %s stands for the beginning, which is a text of its own
	}
	return tr.Has("%s "+text) || isFragment(tr, text)
}

// isFragment reports whether a text that begins or ends in the middle of a sentence is part of one
// that has a translation.
func isFragment(tr *Translator, text string) bool {
	if strings.Trim(text, " ,;:.()…\n") == text {
		return false
	}
	part := strings.TrimSpace(verbPattern().ReplaceAllString(text, "%s"))
	for from := range tr.texts {
		if strings.Contains(verbPattern().ReplaceAllString(from, "%s"), part) {
			return true
		}
	}
	return false
}

// fillVerbs puts values into a format, as an error has them.
func fillVerbs(format string) string {
	n := 0
	return verbPattern().ReplaceAllStringFunc(format, func(v string) string {
		n++
		switch v[len(v)-1] {
		case '%':
			return "%"
		case 'd', 'g', 'v', 'o', 'f':
			return fmt.Sprint(n)
		case 'q':
			return fmt.Sprintf("%q", fmt.Sprintf("q%d", n))
		}
		return fmt.Sprintf("X%d", n)
	})
}

var (
	command       = regexp.MustCompile(`^\s*(→ )?(reconcile [a-z]+( |$)|git (-C|init|commit|push)|exec reconcile|runs latest|help settings|now --|suspend WORKSPACE)`)
	quoted        = regexp.MustCompile("`[^`]*`|\"[^\"]*\"")
	englishWord   = regexp.MustCompile(`(?:^|[ (])[A-Za-z][a-z']+(?:[ ,;:.)]|$)`)
	englishPhrase = regexp.MustCompile(`(?:^|[ (;:,])[A-Za-z][a-z']+ (?:[a-z]|[a-z][a-z']+)(?:[ ,;:.)]|$)`)
	japanese      = regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}]`)
)
