package catalog

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// top is the top of the repository.
var top = filepath.Join("..", "..", "..")

// translated are the functions whose literal arguments people read, with the place of the
// format among the arguments; a hint stands before it.
var translated = map[string]bool{
	"usage.Errorf": true, "withHint": true, "rangeArgs": true, "printf": true, "printHint": true, "PrintError": true,
	"Sprintf": true, "Text": true, // of a Translator
	"printTitle": true, "printText": true, // of the quickstart
}

// translators are what Sprintf and Text are called on.
var translators = map[string]bool{"tr": true, "t": true, "Translator": true}

// madeTexts are texts that the code makes from a noun or an outcome.
var madeTexts = []string{"%d workspaces", "%d errors", "%d warnings", "%d alarms", "no workspaces", "no errors", "no warnings", "no alarms", "1 workspace", "1 error", "1 warning", "1 alarm", "%s is failed", "%s is skipped", "%s is blocked", "%s is busy", "%s is rolling", "help for %s", "version for %s", "disable completion descriptions"}

// TestTextsOfTheCode checks that each text that the command line shows has a translation, and
// that each translation has its text in the code.
func TestTextsOfTheCode(t *testing.T) {
	t.Parallel()
	tr, found := newTranslator(t), map[string]bool{}
	for _, text := range madeTexts {
		found[text] = true
	}
	visitFiles(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil {
					found[strings.TrimSpace(text)], found[strings.TrimRight(text, "\n")] = true, true
				}
			case *ast.BinaryExpr:
				if text, isText := foldText(n); isText {
					found[text] = true
				}
			case *ast.CompositeLit:
				for _, title := range columnTitles(n) {
					if !tr.Has(title) {
						t.Errorf("%s: no translation of the column %q", path, title)
					}
				}
			case *ast.CallExpr:
				if !strings.HasPrefix(path, "cmd") || !isShown(n) {
					return true
				}
				for _, argument := range n.Args {
					text, isText := foldText(argument)
					if isText && isSentence(text) && !tr.Has(text) {
						t.Errorf("%s: no translation of %q", path, text)
					}
				}
			}
			return true
		})
	})
	documents, err := pairDocuments("ja")
	if err != nil {
		t.Fatal(err)
	}
	others := readTexts(t, "ja/others.toml")
	for text := range tr.texts {
		if _, ofDocument := documents[text]; !ofDocument && others[text] == "" && !isSaid(text, found) && !isOfOthers(text) {
			t.Errorf("nothing in the code says %q", text)
		}
	}
}

// readTexts returns the pairs of one file of translations.
func readTexts(t *testing.T, name string) map[string]string {
	t.Helper()
	file, err := files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var read translations
	if err := toml.Unmarshal(file, &read); err != nil {
		t.Fatal(err)
	}
	return read.Text
}

// isSentence reports whether a text has words of its own.
func isSentence(text string) bool {
	return len(strings.Fields(verbPattern().ReplaceAllString(text, ""))) > 2
}

// isSaid reports whether a literal of the code holds the longest part of a text, or is a part of
// it: many texts are put together from literals.
func isSaid(text string, literals map[string]bool) bool {
	const least = 8 // bytes of such a part
	longest := ""
	for _, part := range verbPattern().Split(text, -1) {
		if part = strings.Trim(part, " :;,()"); len(part) > len(longest) {
			longest = part
		}
	}
	for literal := range literals {
		if strings.Contains(literal, longest) || len(strings.Trim(literal, " :;,")) >= least && strings.Contains(text, strings.TrimSpace(literal)) {
			return true
		}
	}
	return false
}

// isOfOthers reports whether cobra, pflag or a name says a text.
func isOfOthers(text string) bool {
	return strings.Contains(text, "autocompletion") || strings.HasPrefix(text, "%d ") && len(strings.Fields(text)) <= 3 ||
		strings.Contains(text, "flag") || strings.Contains(text, "any command") || !strings.Contains(text, " ")
}

// isShown reports whether a call shows its literal arguments to people.
func isShown(call *ast.CallExpr) bool {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return translated[f.Name]
	case *ast.SelectorExpr:
		var receiver string
		switch x := f.X.(type) {
		case *ast.Ident:
			receiver = x.Name
		case *ast.SelectorExpr:
			receiver = x.Sel.Name
		}
		if f.Sel.Name == "Sprintf" || f.Sel.Name == "Text" {
			return translators[receiver]
		}
		return translated[receiver+"."+f.Sel.Name] || translated[f.Sel.Name]
	}
	return false
}

// columnTitles returns the titles of a ui.Column that have letters.
func columnTitles(literal *ast.CompositeLit) (titles []string) {
	if of, ok := literal.Type.(*ast.SelectorExpr); !ok || of.Sel.Name != "Column" {
		return nil
	}
	for _, element := range literal.Elts {
		field, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if name, ok := field.Key.(*ast.Ident); ok && name.Name == "Title" {
			if title, isText := foldText(field.Value); isText && title != "" {
				titles = append(titles, title)
			}
		}
	}
	return titles
}

// foldText returns the text of an expression of literals, with %s for what is none.
func foldText(e ast.Expr) (text string, isText bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "%s", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.ParenExpr:
		return foldText(e.X)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "%s", false
		}
		left, isLeft := foldText(e.X)
		right, isRight := foldText(e.Y)
		return left + right, isLeft || isRight
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" && len(e.Args) > 0 {
			return foldText(e.Args[0])
		}
	}
	return "%s", false
}

// visitFiles parses the Go files of the program.
func visitFiles(t *testing.T, visit func(path string, file *ast.File)) {
	t.Helper()
	for _, root := range []string{"cmd", "reconciler", "internal", "state"} {
		err := filepath.WalkDir(filepath.Join(top, root), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(top, path)
			visit(name, file)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
