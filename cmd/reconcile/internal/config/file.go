package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/ownership"
	"reconcile/internal/similar"
)

// configFlag is the name of the flag that names the program's own settings.
const configFlag = "config"

// defaultConfigFile returns $XDG_CONFIG_HOME/reconcile/config.toml, also on macOS, so that the
// documentation is the same; "" without a home directory.
func defaultConfigFile() string {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "reconcile", "config.toml")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".config", "reconcile", "config.toml")
}

// readConfigFile returns the values of the file of --config, by flag. Without that flag the
// file need not exist. A file that other users may write is refused: it can name a program.
func (s *Settings) readConfigFile(c *cobra.Command) (map[string][]string, error) {
	file, isNamed := s.ConfigFile, s.ConfigFile != ""
	if !isNamed {
		file = os.Getenv(envName(configFlag))
		if isNamed = file != ""; !isNamed {
			file = defaultConfigFile()
		}
	}
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file) // #nosec G304 -- the user's own file
	if errors.Is(err, fs.ErrNotExist) && !isNamed {
		return nil, nil
	}
	if err != nil {
		return nil, usage.Errorf("--config names a file of this machine", "%w", err)
	}
	if err := ownership.CheckFile(file); err != nil {
		return nil, usage.Errorf("only you may be able to write it: chmod go-w "+file, "--config: %w", err)
	}
	var decoded map[string]any
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // as editors of Windows write it
	if err := toml.Unmarshal(text, &decoded); err != nil {
		var syntax *toml.DecodeError
		if errors.As(err, &syntax) {
			row, column := syntax.Position()
			return nil, usage.Errorf("it is TOML, such as: repo = \"https://SPACE.backlog.com/git/PROJECT/repo.git\"", "%s:%d:%d: %s", file, row, column, syntax.Error())
		}
		return nil, usage.Errorf("it is TOML", "%s: %w", file, err)
	}
	values := map[string][]string{}
	known := listFlags(c.Root())
	delete(known, configFlag)
	for _, name := range slices.Sorted(maps.Keys(decoded)) {
		switch {
		case name == configFlag:
			return nil, usage.Errorf(fmt.Sprintf("name another file with --config or %s", envName(configFlag)), "%s: %s cannot be set in the file that it names", file, name)
		case !known[name]:
			return nil, usage.Errorf(fmt.Sprintf("did you mean %s? A name in the file is the name of a flag", similar.FindNearest(name, slices.Collect(maps.Keys(known)))), "%s: %s is not a setting", file, name)
		}
		list, err := formatTOML(decoded[name])
		if err != nil {
			return nil, usage.Errorf("a value is a text, a number, true, false or a list of these", "%s: %s: %w", file, name, err)
		}
		values[name] = list
	}
	return values, nil
}

// formatTOML returns a value in the form of the command line, one text for each element.
func formatTOML(value any) ([]string, error) {
	switch v := value.(type) {
	case string, bool, int64, float64:
		return []string{fmt.Sprint(v)}, nil
	case []any:
		var list []string
		for _, element := range v {
			one, err := formatTOML(element)
			if err != nil || len(one) != 1 {
				return nil, errors.New("this is not a list of texts")
			}
			list = append(list, one...)
		}
		return list, nil
	}
	return nil, fmt.Errorf("it is a %T", value)
}

// listFlags returns the names of all flags of all commands.
func listFlags(root *cobra.Command) map[string]bool {
	names := map[string]bool{}
	for variable := range knownVariables(root) {
		names[strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, envPrefix), "_", "-"))] = true
	}
	for _, secret := range SecretVariables() {
		delete(names, strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(secret.Name, envPrefix), "_", "-")))
	}
	delete(names, "test-cache")
	return names
}
