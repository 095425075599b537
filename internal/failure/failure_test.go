package failure

import (
	"errors"
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	kind, cause := errors.New("not found"), errors.New("EOF")
	var none error
	for want, got := range map[string]string{
		"https://a/b: not found: status 404: EOF; check the address": Text("check the address", "https://a/b", kind, "status 404", cause),
		"https://a/b: not found":                                     Text("", "https://a/b", kind, "", none),
		"Backlog: GET /space: not found; look again":                 Text("look again", "Backlog", "GET /space", kind, "", none),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if err := WithNextStep("look again", kind); err.Error() != "not found; look again" || !errors.Is(err, kind) {
		t.Errorf("with a next step: %v", err)
	}
	if n := len(Causes(kind, nil)); n != 1 {
		t.Errorf("%d errors without a cause", n)
	}
	if err := errors.Join(Causes(kind, cause)...); !errors.Is(err, kind) || !errors.Is(err, cause) {
		t.Errorf("%v does not wrap both", err)
	}
}
