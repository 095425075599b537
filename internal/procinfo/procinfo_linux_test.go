package procinfo

import (
	"os"
	"strings"
	"testing"
)

func TestStatFields(t *testing.T) {
	for stat, want := range map[string]string{
		"7 (cat) R 1 7":        "R 1 7",
		"7 (a) S (b) Z) R 1 7": "R 1 7",
		"7 (a\n b) R 1":        "R 1",
		"7 (cat)":              "",
		"":                     "",
	} {
		var got []string
		for n, field := range StatFields([]byte(stat)) {
			if got = append(got, string(field)); n != len(got)+2 {
				t.Errorf("%q: %s has number %d", stat, field, n)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", stat, got, want)
		}
	}
}

func TestOwnProcess(t *testing.T) {
	if id := BootID(); len(id) != 36 || !strings.HasPrefix(PIDScope(), id+" pid:[") {
		t.Errorf("boot id %q, scope %q", id, PIDScope())
	}
	if start, ended := StartTime(os.Getpid()); start == "" || start == "0" || ended {
		t.Errorf("start %q, ended %v", start, ended)
	}
	if start, _ := StartTime(-1); start != "" {
		t.Errorf("no process: %q", start)
	}
}
