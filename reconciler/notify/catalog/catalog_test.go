package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// TestLanguagesAgree checks that every language has the same keys and placeholders.
func TestLanguagesAgree(t *testing.T) {
	t.Parallel()
	languages := Languages()
	if !slices.Equal(languages, []string{"en", "ja"}) {
		t.Fatalf("languages are %q", languages)
	}
	en, err := Load("en")
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range languages {
		messages, err := Load(language)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(messages.Keys(), en.Keys()) {
			t.Errorf("%s has the keys %q, en has %q", language, messages.Keys(), en.Keys())
		}
		for key, text := range messages {
			if got, want := placeholders(text), placeholders(en[key]); !slices.Equal(got, want) {
				t.Errorf("%s, %s: %q, in en %q", language, key, got, want)
			}
			if strings.TrimSpace(text) != text || text == "" {
				t.Errorf("%s, %s: %q", language, key, text)
			}
			if strings.ContainsAny(placeholder.ReplaceAllString(text, ""), "{}") {
				t.Errorf("%s, %s: a brace that is no place to fill in: %q", language, key, text)
			}
		}
	}
	if _, err := Load("xx"); err == nil || !strings.Contains(err.Error(), "en, ja") {
		t.Errorf("an unknown language: %v", err)
	}
}

func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return found
}

func TestText(t *testing.T) {
	t.Parallel()
	messages := Messages{"k": "{a} and {b}, {a}"}
	if got, err := messages.Text("k", "a", 1, "b", "{a}"); got != "1 and {a}, 1" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, wrong := range [][]any{{"none"}, {"k", "a"}, {"k", "c", 1}} {
		if got, err := messages.Text(wrong[0].(string), wrong[1:]...); err == nil {
			t.Errorf("%v: %q", wrong, got)
		}
	}
}
