package notify

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// listCode returns what a reader of Markdown shows as code in lines, in the order of the text.
func listCode(t *testing.T, markdown string) (found []string) {
	t.Helper()
	source := []byte(markdown)
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	err := ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if node.Kind() == ast.KindCodeSpan && entering {
			found = append(found, string(node.Text(source))) //nolint:staticcheck // a span has only text
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestCodeIsWhatItSays: what a name has of Markdown ends neither the code that it stands in nor
// the cell.
func TestCodeIsWhatItSays(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain", "a`b", "`a`", "``", "a```b``c", `a\`, "it's `x`", "[x](http:/evil.example)"} {
		if got := listCode(t, "before "+markdown{}.code(name)+" after"); !slices.Equal(got, []string{name}) {
			t.Errorf("%q is shown as %q", name, got)
		}
	}
	for _, name := range []string{"a|b", `a\|b`, `a\\|![x](http:/evil.example/x.png)`, "a`|`b"} {
		table := markdown{}.table([]string{"one", "two"}, [][]string{{markdown{}.code(name), markdown{}.code("end")}})
		if got := listCode(t, table); len(got) != 2 || got[1] != "end" {
			t.Errorf("%q in a table is shown as %q", name, got)
		}
	}
}

// TestCommandsKeepTheirQuotes: a name that is quoted for the shell stays one word, where people
// copy a command out of a notification or a comment.
func TestCommandsKeepTheirQuotes(t *testing.T) {
	t.Parallel()
	const name = "a`; echo broken; `b"
	w, err := NewWriter("en", Markdown)
	if err != nil {
		t.Fatal(err)
	}
	drifted := WorkspaceEvent{Name: name, Outcome: "drifted", Change: 1}
	notification := &Notification{Run: "01JD", Branch: "main", Commit: "bbbbbbbbbb", Events: []WorkspaceEvent{drifted}}
	notice, err := w.WriteNotification(notification)
	if err != nil {
		t.Fatal(err)
	}
	issue, err := w.WriteIssueText(notification, drifted)
	if err != nil {
		t.Fatal(err)
	}
	warning := "run it with `" + replanCommand(name) + "`"
	comment, err := w.WritePreview(&Preview{Number: 1, Branch: "b", Base: "main", Head: "a", Tip: "b", Inputs: "1",
		Workspaces: []Workspace{{Name: name, Outcome: "pending", Add: 1, Warnings: []string{warning}}}}, Marker{})
	if err != nil {
		t.Fatal(err)
	}
	for where, shown := range map[string]string{"the notice": notice, "the issue": issue, "the comment": comment} {
		found := slices.DeleteFunc(listCode(t, shown), func(code string) bool { return !strings.Contains(code, "reconcile now") })
		if len(found) != 1 {
			t.Fatalf("%s has %q:\n%s", where, found, shown)
		}
		command := strings.TrimSuffix(strings.TrimPrefix(found[0], "run it with `"), "`")
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "reconcile() { printf '%s|' \"$@\"; }; "+command).CombinedOutput()
		if want := "now|--replan|" + name + "|"; err != nil || string(out) != want {
			t.Errorf("%s: %q gives %q, %v, want %q", where, command, out, err, want)
		}
	}
}
