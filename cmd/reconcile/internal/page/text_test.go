package page

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/reconciler/notify/catalog"
)

// Every word of the pages in the catalogue is used. Those of a group are chosen by a name of
// the record.
func TestWordsAreUsed(t *testing.T) {
	t.Parallel()
	messages, err := catalog.Load("en")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, pattern := range []string{"*.templ", "*.go"} {
		files, _ := filepath.Glob(pattern) // the pattern is well-formed
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(text)
		}
	}
	groups := []string{"condition", "effect", "needs", "phase", "result", "rollout", "trigger", "verdict"}
	for _, key := range messages.Keys() {
		group, isOurs := strings.CutPrefix(key, "page.")
		group, _, isGroup := strings.Cut(group, ".")
		if isOurs && !(isGroup && slices.Contains(groups, group)) && !strings.Contains(sources.String(), `"`+key+`"`) {
			t.Errorf("%s is not used", key)
		}
	}
}

// Why a workspace was stale is told in the page's language; names stay.
func TestStaleReasonsAreTranslated(t *testing.T) {
	t.Parallel()
	reasons := []string{"distrusted record", "env/tokyo"}
	if got := (text{language: "ja"}).translateAll(reasons); !slices.Equal(got, []string{"記録の無効化", "env/tokyo"}) {
		t.Errorf("got %q", got)
	}
	if got := (text{language: "en"}).translateAll(reasons); !slices.Equal(got, reasons) {
		t.Errorf("in English: %q", got)
	}
}
