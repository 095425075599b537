//go:build linux

package image

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// stage is what the last stage of a Dockerfile says: what is in the image and
// how it is run.
type stage struct {
	copies              []copied
	env                 map[string]string
	user, workdir, stop string
	entrypoint, cmd     []string
	volumes             []string
}

// copied is one COPY --from line: a file or a directory of another stage.
type copied struct {
	from, source, target string
	owner                string // "" for root
}

// lastStage reads the Dockerfile at path. An instruction that it does not
// know is fatal: the test would run something else than what is built.
func lastStage(t *testing.T, path string) stage {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := instructions(string(content))
	for i, line := range slices.Backward(lines) {
		if strings.HasPrefix(line, "FROM ") {
			lines = lines[i+1:]
			break
		}
	}
	s := stage{env: map[string]string{}}
	for _, line := range lines {
		word, rest, _ := strings.Cut(line, " ")
		if err := s.read(word, strings.TrimSpace(rest)); err != nil {
			t.Fatalf("%s: %s: %v", path, line, err)
		}
	}
	return s
}

// instructions are the lines without comments, continued ones joined.
func instructions(content string) []string {
	var lines []string
	for line := range strings.Lines(content) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	joined := strings.ReplaceAll(strings.Join(lines, "\n"), "\\\n", " ")
	return strings.Split(joined, "\n")
}

func (s *stage) read(word, rest string) (err error) {
	switch word {
	case "COPY":
		err = s.readCopy(strings.Fields(rest))
	case "ENV":
		for _, setting := range strings.Fields(rest) {
			name, value, _ := strings.Cut(setting, "=")
			s.env[name] = value
		}
	case "USER":
		s.user = rest
	case "WORKDIR":
		s.workdir = rest
	case "STOPSIGNAL":
		s.stop = rest
	case "VOLUME":
		s.volumes = strings.Fields(rest)
	case "ENTRYPOINT":
		err = json.Unmarshal([]byte(rest), &s.entrypoint)
	case "CMD":
		err = json.Unmarshal([]byte(rest), &s.cmd)
	case "LABEL":
	default:
		err = fmt.Errorf("the test of the image does not know this instruction")
	}
	return err
}

func (s *stage) readCopy(words []string) error {
	var c copied
	for len(words) > 0 && strings.HasPrefix(words[0], "--") {
		name, value, _ := strings.Cut(words[0], "=")
		switch name {
		case "--from":
			c.from = value
		case "--chown":
			c.owner = value
		default:
			return fmt.Errorf("the test of the image does not know %s", name)
		}
		words = words[1:]
	}
	if len(words) != 2 {
		return fmt.Errorf("want one source and one target")
	}
	c.source, c.target = words[0], words[1]
	s.copies = append(s.copies, c)
	return nil
}
