package secret

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestTextIsNotShown(t *testing.T) {
	t.Parallel()
	const value = "hunter2"
	type pair struct {
		Public string
		Secret Text
	}
	p := pair{"ann", value}
	var shown strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s"} {
		for _, what := range []any{p, &p, p.Secret, []Text{value}, map[string]Text{"a": value}, map[Text]int{value: 1}} {
			fmt.Fprintf(&shown, verb+"\n", what)
		}
	}
	fmt.Fprintln(&shown, p, p.Secret.String())
	for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		slog.New(handler).Info("x", "pair", p, "secret", p.Secret)
	}
	if err := json.NewEncoder(&shown).Encode([]any{p, p.Secret}); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{value, fmt.Sprintf("%x", value), fmt.Sprintf("%X", value)} {
		if strings.Contains(shown.String(), form) {
			t.Errorf("%s is in:\n%s", form, &shown)
		}
	}
	if !strings.Contains(shown.String(), "{ann "+Redacted+"}") {
		t.Errorf("a secret is not marked in:\n%s", &shown)
	}
}
