// Package catalog holds what reconcile says to people, in each language. Documents, such as
// comments on Backlog and mails, have one file a language and one text a key. Texts of the
// command line and of errors stand in the code in English, and are the keys of their
// translations ([Translator]).
package catalog

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:embed *.json */*.toml
var files embed.FS

// Messages are the texts of one language, by key.
type Messages map[string]string

// Languages returns the languages that have a catalogue.
func Languages() []string {
	names, _ := files.ReadDir(".") // embedded: it cannot fail
	var languages []string
	for _, n := range names {
		if language, isCatalogue := strings.CutSuffix(n.Name(), ".json"); isCatalogue {
			languages = append(languages, language)
		}
	}
	return languages
}

// Load returns the words of a language, such as "en" or "ja".
func Load(language string) (Messages, error) {
	text, err := files.ReadFile(language + ".json")
	if err != nil {
		return nil, errUnknownLanguage(language)
	}
	var messages Messages
	if err := json.Unmarshal(text, &messages); err != nil {
		return nil, fmt.Errorf("parse the messages of %s: %w", language, err)
	}
	return messages, nil
}

// Text returns the text of a key, with each {NAME} in it replaced: values are
// pairs of a name and what to put there. A key, or a name, that the catalogue
// does not have is an error.
func (m Messages) Text(key string, values ...any) (string, error) {
	text, ok := m[key]
	if !ok {
		return "", fmt.Errorf("no message %q", key)
	}
	if len(values)%2 != 0 {
		return "", fmt.Errorf("message %s: placeholder without a value", key)
	}
	var pairs []string
	for i := 0; i < len(values); i += 2 {
		placeholder := fmt.Sprintf("{%v}", values[i])
		if !strings.Contains(text, placeholder) {
			return "", fmt.Errorf("message %s has no placeholder %s", key, placeholder)
		}
		pairs = append(pairs, placeholder, fmt.Sprint(values[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text), nil
}

// Keys returns the keys, sorted.
func (m Messages) Keys() []string { return slices.Sorted(maps.Keys(m)) }
