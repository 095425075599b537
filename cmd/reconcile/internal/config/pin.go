package config

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/usage"
)

// pinFlag is the name of the flag that pins settings.
const pinFlag = "pin"

// ApplyPins sets the pinned settings, and refuses a flag or a variable with another
// value. A user who may start an ECS task may give it
// other arguments and variables, but no other entry point: pins belong there.
// It must run before ApplyEnvironment.
func (s *Settings) ApplyPins(c *cobra.Command) error {
	if env := os.Getenv(envName(pinFlag)); len(s.Pins) == 0 && env != "" {
		s.Pins = []string{env}
	}
	pinned := map[string]string{}
	for _, pin := range s.Pins {
		name, value, ok := strings.Cut(pin, "=")
		flag := c.Root().PersistentFlags().Lookup(name)
		if !ok || flag == nil || name == pinFlag {
			return usage.Errorf("--pin takes NAME=VALUE, where NAME is a setting such as repo, branch or signers", "--pin %s", pin)
		}
		if earlier, ok := pinned[name]; ok && earlier != value {
			return usage.Errorf("leave one of them out", "--pin %s contradicts --pin %s=%s", pin, name, earlier)
		}
		pinned[name] = value
		if env := os.Getenv(envName(name)); env != "" && env != value {
			return newPinConflict(envName(name), env, value)
		}
		if flag.Changed && formatFlag(flag) != value {
			return newPinConflict("--"+name, formatFlag(flag), value)
		}
	}
	for name, value := range pinned {
		flag := c.Root().PersistentFlags().Lookup(name)
		if flag.Changed {
			continue
		}
		if err := flag.Value.Set(value); err != nil {
			return usage.Errorf("it takes what --"+name+" takes: "+flag.Usage, "--pin %s=%s: %w", name, value, err)
		}
		flag.Changed = true // so that ApplyEnvironment skips it
	}
	return nil
}

func newPinConflict(from, given, value string) error {
	return usage.Errorf("remove it: the entry point has pinned this setting", "%s is %q, but it is pinned to %q", from, given, value)
}

// formatFlag returns a flag's value in the form of the command line.
func formatFlag(flag *pflag.Flag) string {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		return strings.Join(list.GetSlice(), ",")
	}
	return flag.Value.String()
}
