package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var hole = regexp.MustCompile(`\{[a-z_]+\}`)

// Every language says everything, with the same places to fill in.
func TestLanguagesAgree(t *testing.T) {
	languages := Languages()
	if !slices.Equal(languages, []string{"en", "ja"}) {
		t.Fatalf("languages are %q", languages)
	}
	en, err := In("en")
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range languages {
		words, err := In(language)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(words.Keys(), en.Keys()) {
			t.Errorf("%s has the keys %q, en has %q", language, words.Keys(), en.Keys())
		}
		for key, text := range words {
			if got, want := holes(text), holes(en[key]); !slices.Equal(got, want) {
				t.Errorf("%s, %s: %q, in en %q", language, key, got, want)
			}
			if strings.TrimSpace(text) != text || text == "" {
				t.Errorf("%s, %s: %q", language, key, text)
			}
			if strings.ContainsAny(hole.ReplaceAllString(text, ""), "{}") {
				t.Errorf("%s, %s: a brace that is no place to fill in: %q", language, key, text)
			}
		}
	}
	if _, err := In("xx"); err == nil || !strings.Contains(err.Error(), "en, ja") {
		t.Errorf("an unknown language: %v", err)
	}
}

func holes(text string) []string {
	found := hole.FindAllString(text, -1)
	slices.Sort(found)
	return found
}

func TestText(t *testing.T) {
	words := Words{"k": "{a} and {b}, {a}"}
	if got, err := words.Text("k", "a", 1, "b", "{a}"); got != "1 and {a}, 1" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, wrong := range [][]any{{"none"}, {"k", "a"}, {"k", "c", 1}} {
		if got, err := words.Text(wrong[0].(string), wrong[1:]...); err == nil {
			t.Errorf("%v: %q", wrong, got)
		}
	}
}
