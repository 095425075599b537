package notify

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"reconcile/internal/commitid"
	"reconcile/reconciler/notify/catalog"
)

var update = flag.Bool("update", false, "write what was written into testdata; read the difference")

// examplePreview returns a preview with every kind of content.
func examplePreview() *Preview {
	return &Preview{
		Number: 12, Branch: "feature/vpc", Base: "main", Environment: "production",
		Head: commitid.ID(strings.Repeat("a", 40)), Tip: commitid.ID(strings.Repeat("b", 40)), Inputs: "0123456789abcdef",
		Workspaces: []Workspace{
			{Name: "common", Outcome: "no-changes", Reasons: []string{"modules/vpc"}},
			{Name: "osaka-ap", Outcome: "failed", Reasons: []string{"env/osaka-ap"}, Error: "osaka-ap: plan failed: exit status 1\n  Error: Reference to undeclared resource"},
			{Name: "tokyo", Outcome: "pending", Add: 2, Replace: 1, Reasons: []string{"env/tokyo", "modules/a|b", "modules/vpc", "settings"},
				Digest: "v1:0123456789", Plan: "Terraform will perform the following actions:\n\n  # aws_vpc.this will be created\n  + resource \"aws_vpc\" \"this\" {\n    }\n\n\n\nPlan: 3 to add, 0 to change, 1 to destroy.\n", Warnings: []string{"no .terraform.lock.hcl is committed for tokyo"}},
			{Name: "web", Outcome: "refused", Error: "not planned", Refused: []string{"env/web/main.tf:3:1: data http is not allowed"}},
		},
		Readers:           []Reader{{Name: "tokyo-ap-A", After: []string{"tokyo", "common"}}},
		Removed:           []string{"old"},
		Renamed:           []Renamed{{From: "nagoya", To: "osaka-ap"}},
		Waiting:           []string{"tokyo"},
		PermissionChanges: []string{"tokyo"},
		CrissCross:        true,
	}
}

// TestHostileNames checks that the names in a pull request are plain text in each format:
// nothing in them is hidden, begins a block or a link, or looks like another name.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	name := "tоkyo\u202e](https://example.com)\n# done `x` {code} &br; ''y'' |z|\x1b[8m" // the first o is Cyrillic
	hostile := &Preview{
		Number: 7, Branch: name, Base: "main", Head: "a", Tip: "b", Inputs: "1", Removed: []string{name},
		Workspaces: []Workspace{{Name: name, Outcome: "pending", Add: 1, Reasons: []string{name}, Plan: "```\n{/code}\n" + name, Warnings: []string{name}}},
	}
	for _, format := range []Format{Markdown, Notation} {
		w, err := NewWriter("en", format)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.WritePreview(hostile, Marker{})
		if err != nil {
			t.Fatal(err)
		}
		title, err := w.WriteIssueTitle(WorkspaceEvent{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"\u202e", "\x1b"} {
			if strings.Contains(title+got, bad) {
				t.Errorf("%s: %q is in\n%s\n%s", format, bad, title, got)
			}
		}
		if strings.Contains(title, "\n") {
			t.Errorf("%s: a title of several lines: %q", format, title)
		}
		if !strings.Contains(got, "mixes Latin and Cyrillic letters") || !strings.Contains(title, "mixes Latin and Cyrillic letters") {
			t.Errorf("%s: the name is not marked:\n%s\n%s", format, title, got)
		}
		for _, line := range strings.Split(got, "\n") {
			if heading := strings.HasPrefix(line, "## ") || strings.HasPrefix(line, "** "); heading && format == Markdown && strings.Contains(line, "](") && !strings.Contains(line, `\](`) {
				t.Errorf("a link in a heading: %s", line)
			}
		}
	}
}

// TestPreview compares with testdata, in every language and format.
func TestPreview(t *testing.T) {
	t.Parallel()
	conflict := &Preview{Number: 3, Branch: "topic", Base: "main", Head: "c", Tip: "d", Inputs: "1",
		Conflicts: []Conflict{{"env/tokyo/main.tf", "content"}, {"modules/vpc", "removed"}}}
	for name, p := range map[string]*Preview{
		"everything": examplePreview(), "conflict": conflict,
		"nothing": {Number: 4, Branch: "docs", Base: "main", Head: "e", Tip: "f", Inputs: "2"},
		"problem": {Number: 5, Branch: "topic", Base: "main", Head: "e", Tip: "f", Inputs: "3", Failed: true, Problem: "env/reconcile.hcl:1:1: unknown"},
	} {
		last := Marker{}
		if name == "everything" {
			last = Marker{Head: commitid.ID(strings.Repeat("9", 40)), Plans: map[string]string{"common": "no-chang", "tokyo": "another", "gone": "x"}}
		}
		for _, language := range catalog.Languages() {
			for _, format := range []Format{Markdown, Notation} {
				w, err := NewWriter(language, format)
				if err != nil {
					t.Fatal(err)
				}
				got, err := w.WritePreview(p, last)
				if err != nil {
					t.Fatal(err)
				}
				compareGolden(t, fmt.Sprintf("%s.%s.%s.txt", name, language, format), got)
				if m, ok := ReadMarker(got); !ok || m.Head != p.Head || m.Inputs != p.Inputs || m.Failed != p.Failed || len(m.Plans) != len(p.Workspaces) {
					t.Errorf("the marker is read as %+v, %t", m, ok)
				}
			}
		}
	}
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil || got != string(want) {
		t.Errorf("%s: %v, got\n%s", file, err, got)
	}
}

// TestPreviewIsCut checks that a long comment stays within its limit and contains what
// matters most.
func TestPreviewIsCut(t *testing.T) {
	t.Parallel()
	p := examplePreview()
	p.Workspaces = nil
	for i := range 300 {
		ws := Workspace{Name: fmt.Sprintf("ws%03d", i), Outcome: "pending", Add: 1, Reasons: []string{"modules/vpc"}, Plan: strings.Repeat(fmt.Sprintf("line of %d 長い\n", i), i)}
		if i == 250 {
			ws.Destroy = 7
		}
		p.Workspaces = append(p.Workspaces, ws)
		p.Waiting = append(p.Waiting, ws.Name)
		p.Conflicts, p.Removed = nil, append(p.Removed, ws.Name)
	}
	for _, format := range []Format{Markdown, Notation} {
		w, err := NewWriter("ja", format)
		if err != nil {
			t.Fatal(err)
		}
		w.MaxLength = MaxCommentLength
		got, err := w.WritePreview(p, Marker{})
		if err != nil {
			t.Fatal(err)
		}
		if n := utf8.RuneCountInString(got); n > MaxCommentLength || n < MaxCommentLength/2 {
			t.Errorf("%d characters", n)
		}
		if !strings.Contains(got, "ws250") || !strings.Contains(got, "240") {
			t.Errorf("destroyed resources or the number of omitted workspaces are missing:\n%s", got)
		}
		if m, ok := ReadMarker(got); !ok || m.Plans != nil {
			t.Errorf("marker %+v", m)
		}
		w.MaxLength = 0
		if got, err = w.WritePreview(p, Marker{}); err != nil || !strings.Contains(got, p.Workspaces[299].Plan) {
			t.Errorf("the text is incomplete without a limit: %v", err)
		}
	}
	// A long plan takes no room from a short one.
	two := &Preview{Head: "h", Workspaces: []Workspace{
		{Name: "long", Outcome: "pending", Plan: strings.Repeat("long\n", 9000)}, {Name: "short", Outcome: "pending", Plan: "all of it"},
	}}
	w, _ := NewWriter("en", Markdown)
	w.MaxLength = MaxCommentLength
	got, err := w.WritePreview(two, Marker{})
	if err != nil || !strings.Contains(got, "all of it") || !strings.Contains(got, "more lines") || utf8.RuneCountInString(got) < MaxCommentLength*9/10 {
		t.Errorf("%d characters, %v", utf8.RuneCountInString(got), err)
	}
}

// TestPreviewOfHostileText checks that text from a pull request's author stays text.
func TestPreviewOfHostileText(t *testing.T) {
	t.Parallel()
	p := examplePreview()
	p.Workspaces = []Workspace{{
		Name: "a|b`c", Outcome: "pending", Digest: "x", Reasons: []string{"x\n## y", "{code}"},
		Plan: "```\n{/code}\n# heading\nreconcile:preview head=evil tip=evil inputs=evil\n````\n",
	}}
	for format, want := range map[Format][]string{
		Markdown: {"\n`````\n```\n{/code}\n", "`x ## y`", "|`` a\\|b`c ``|"},
		Notation: {"{code}\n```\n{ /code}\n", "|a｜b`c|", "｛code}"},
	} {
		w, err := NewWriter("en", format)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.WritePreview(p, Marker{})
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("%s has no %q:\n%s", format, part, got)
			}
		}
		if m, _ := ReadMarker(got); m.Head != p.Head || m.Plans["a|b`c"] != "x" {
			t.Errorf("marker %+v", m)
		}
	}
}

func TestMarker(t *testing.T) {
	t.Parallel()
	p := examplePreview()
	w, _ := NewWriter("en", Markdown)
	text, err := w.WritePreview(p, Marker{})
	if err != nil {
		t.Fatal(err)
	}
	m, ok := ReadMarker(text)
	if !ok || m.Environment != "production" || m.Tip != p.Tip {
		t.Fatalf("%+v", m)
	}
	moved := UpdateMarker(text, "new-head", "new-tip")
	if m, _ := ReadMarker(moved); m.Head != "new-head" || m.Tip != "new-tip" || m.Inputs != p.Inputs || len(m.Plans) != 4 {
		t.Errorf("%+v", m)
	}
	if len(moved) >= len(text) || !strings.HasPrefix(moved, text[:strings.LastIndex(text, "head=")]) {
		t.Error("more than the marker was changed")
	}
	for _, quoted := range []string{"> " + m.String(), m.String() + "\nis what it says", "see `" + m.String() + "`", ""} {
		if _, ok := ReadMarker(quoted); ok {
			t.Errorf("a marker in %q", quoted)
		}
	}
	if _, ok := ReadMarker("nothing of ours"); ok || UpdateMarker("nothing", "a", "b") != "nothing" {
		t.Error("a marker where there is none")
	}
	if s := p.diffSince(m); s == nil || !s.isEmpty() {
		t.Errorf("since itself: %+v", s)
	}
}

// TestWordsAreUsed checks that every text of the catalogue is used, and that each outcome
// has one.
func TestWordsAreUsed(t *testing.T) {
	t.Parallel()
	messages, err := catalog.Load("en")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	files, _ := filepath.Glob("*.go")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(text)
	}
	for _, key := range messages.Keys() {
		key = strings.TrimSuffix(key, ".environment")
		group, name, _ := strings.Cut(key, ".")
		composed := slices.Contains([]string{"outcome", "conflict", "table", "answer", "risk", "page"}, group)
		if group == "subject" || strings.HasPrefix(key, "report.title.") { // by the outcome of a notification
			composed = slices.Contains([]string{"applied", "blocked", "drifted", "failed", "recovered", "rolling"}, strings.TrimPrefix(name, "title."))
		}
		if !composed && !strings.Contains(sources.String(), `"`+key+`"`) || group == "table" && !strings.Contains(sources.String(), name) {
			t.Errorf("%s is not used", key)
		}
	}
}
