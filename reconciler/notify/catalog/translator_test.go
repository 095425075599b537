package catalog

import (
	"maps"
	"regexp"
	"strings"
	"sync"
	"testing"
)

func newTranslator(t *testing.T) *Translator {
	t.Helper()
	tr, err := NewTranslator("ja")
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// TestVerbs checks that each translation has the values of its text, by number where the
// order is another.
func TestVerbs(t *testing.T) {
	t.Parallel()
	for from, to := range newTranslator(t).texts {
		if want, got := verbsOf(from), verbsOf(to); !maps.Equal(want, got) {
			t.Errorf("%q has the values %v, its translation %q has %v", from, want, to, got)
		}
	}
}

// TestPassIsNoPath checks that no translation calls a pass by the Japanese word for a path.
func TestPassIsNoPath(t *testing.T) {
	t.Parallel()
	pass, path := regexp.MustCompile(`\b[Pp]ass(es)?\b`), regexp.MustCompile(`[Pp]aths?\b`)
	for from, to := range newTranslator(t).texts {
		if pass.MatchString(from) && !path.MatchString(from) && strings.Contains(strings.ReplaceAll(to, "パスワード", ""), "パス") {
			t.Errorf("%q is %q: a pass is 実行", from, to)
		}
	}
}

// verbsOf returns the letter of each argument of a format.
func verbsOf(format string) map[int]string {
	letters := map[int]string{}
	for i, v := range verbPattern().FindAllStringSubmatch(format, -1) {
		letters[argumentsOf(format)[i]] = v[2]
	}
	return letters
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"open the record: %w":            "記録を開けません: %w",
		"no workspace %q at the tip":     "先端に %q というワークスペースはありません",
		"in %s: run %s, %[2]s and %s":    "%[1]s で %[3]s と %[2]s",
		"run %s of %s failed, %d left":   "%[2]s の実行 %[1]s が失敗しました（残り %[3]d）",
		"%s: %w":                         "合わない",
		"`reconcile now %s` tries again": "`reconcile now %s` で再試行します",
		"not found":                      "見つかりません",
		". ":                             "。",
		"read %s: %w":                    "%s を読めません: %w",
		"%s is empty":                    "%s が空です",
		"%s has %d%% of %s":              "%[3]s の %[2]d%% は %[1]s",
	}
	tr := &Translator{texts: texts, reasons: func() map[string]string { return nil }, patterns: sync.OnceValue(func() []*pattern { return newPatterns(texts) })}
	for text, want := range map[string]string{
		"not found":                          "見つかりません",
		"open the record: not found":         "記録を開けません: 見つかりません",
		"in A: run B, B and C":               "A で C と B",
		"tokyo: not found":                   "tokyo: 見つかりません",
		`no workspace "a\"b" at the tip`:     `先端に "a\"b" というワークスペースはありません`,
		"no workspace x at the tip":          "no workspace x at the tip",
		"run 1 of not found failed, 2 left":  "見つかりません の実行 1 が失敗しました（残り 2）",
		"run 1 of a failed, b left":          "run 1 of a failed, b left",
		"open the record: read a: not found": "記録を開けません: a を読めません: 見つかりません",
		"a is empty":                         "a が空です",
		"f.tf:1: a is empty":                 "f.tf:1: a が空です",
		"Error: the value of a is empty":     "Error: the value of a is empty",
		"a has 5% of b":                      "b の 5% は a",
		"AccessDenied: no":                   "AccessDenied: no",
		"not found; not found; x":            "見つかりません。見つかりません。x",
		"not found\n  not found\nlast":       "見つかりません\n  見つかりません\nlast",
		"`reconcile now a b` tries again":    "`reconcile now a b` で再試行します",
	} {
		if got := tr.Translate(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := tr.Sprintf("run %s of %s failed, %d left", "R", "a", 1); got != "a の実行 R が失敗しました（残り 1）" {
		t.Errorf("got %q", got)
	}
	var none *Translator
	if got := none.Sprintf("%d of %s", 1, "a") + none.Text("b") + none.Translate("c"); got != "1 of abc" {
		t.Errorf("without a translator: %q", got)
	}
	if _, err := NewTranslator("xx"); err == nil {
		t.Error("an unknown language has a translator")
	}
}

// TestTranslateCommand: a command is a value of several words, and so are a path and a name in quotes.
func TestTranslateCommand(t *testing.T) {
	t.Parallel()
	tr := newTranslator(t)
	const text = "the removed workspace a b has left its Terraform state at /s t/a.tfstate, with x.a, x.b, which this plan makes: if 'c d' is its new name, move the state with `mkdir -p '/s t' && mv '/s t/a.tfstate' '/s t/c d.tfstate'`, then run the pass again; else create everything a second time with `reconcile now --adopt 'c d'`"
	if got := tr.Translate(text); strings.Contains(got, "this plan makes") || !strings.Contains(got, "`mkdir -p '/s t' && mv '/s t/a.tfstate' '/s t/c d.tfstate'`") {
		t.Error(got)
	}
}

// TestTranslateForeignText: a long text of a service ends, although it can be cut at many
// places. Each part of it was looked at again and again.
func TestTranslateForeignText(t *testing.T) {
	t.Parallel()
	translator, err := NewTranslator("ja")
	if err != nil {
		t.Fatal(err)
	}
	text := "Error: " + strings.Repeat("the request (x-amz-security-token:a/b; host:c, d): refused … again\n", 400)
	if got := translator.Translate(text); !strings.Contains(got, "x-amz-security-token:a/b") {
		t.Errorf("got %s", got)
	}
}
