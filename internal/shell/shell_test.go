package shell

import (
	"os/exec"
	"testing"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"tokyo", "live/a-1", "", "a b", "a;id", "$(id)", "`id`", "it's", "a\nb", "a&b", "日本", "a\"b", "~"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+Join([]string{text, text})).Output()
		if err != nil || string(out) != text+text {
			t.Errorf("%q: %q, %v", text, out, err)
		}
	}
	if got := Quote("--gate=always"); got != "-- '--gate=always'" {
		t.Errorf("a name is an option: %s", got)
	}
	if got := Quote("live/a-1"); got != "live/a-1" {
		t.Errorf("quoted without need: %s", got)
	}
}
