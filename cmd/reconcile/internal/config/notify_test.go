package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestNotifyValues checks that the help, the error and the pages name each value of --notify.
func TestNotifyValues(t *testing.T) {
	t.Parallel()
	var s Settings
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	s.Bind(flags)
	texts := map[string]string{"the help": flags.Lookup("notify").Usage, "the error": notifyUsage}
	for _, name := range []string{"notify.md", "notify.ja.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	for _, value := range NotifyValues() {
		for name, text := range texts {
			if !strings.Contains(text, value) {
				t.Errorf("%s does not name %s", name, value)
			}
		}
	}
}
