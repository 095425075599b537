//go:build linux

package image

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stage is a stage of a Dockerfile: the content of the image and how it is run.
type stage struct {
	copies                    []copyInstruction
	env                       map[string]string
	user, workdir, stopSignal string
	entrypoint, cmd           []string
	volumes, runs             []string
}

// copyInstruction is one COPY --from line: a file or a directory of another stage.
type copyInstruction struct {
	from, source, target string
	owner                string // "" for root
}

// finalStage is the name of the unnamed stage: the image, if no target is given.
const finalStage = ""

// dockerfile contains the lines of each stage, FROM first, by the stage's name.
type dockerfile map[string][]string

func readDockerfile(t *testing.T) dockerfile {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	stages := dockerfile{}
	name := finalStage
	for _, line := range splitInstructions(string(content)) {
		if from, isFrom := strings.CutPrefix(line, "FROM "); isFrom {
			_, name, _ = strings.Cut(from, " AS ")
		}
		stages[name] = append(stages[name], line)
	}
	return stages
}

// readStage reads a stage together with its base stage. An unknown instruction is fatal,
// because the test would run something else than the build makes.
func (d dockerfile) readStage(t *testing.T, name string) stage {
	t.Helper()
	if len(d[name]) == 0 {
		t.Fatalf("the Dockerfile has no stage %q", name)
	}
	s := stage{env: map[string]string{}}
	for _, line := range d[name] {
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		if base, _, _ := strings.Cut(rest, " "); word == "FROM" && len(d[base]) > 0 {
			s = d.readStage(t, base)
		} else if source, ok := strings.CutSuffix(rest, " / /"); word == "COPY" && ok {
			s.copies = append(s.copies, d.readStage(t, strings.TrimPrefix(source, "--from=")).copies...)
		} else if err := s.apply(word, rest); err != nil {
			t.Fatalf("Dockerfile: %s: %v", line, err)
		}
	}
	return s
}

// splitInstructions returns the lines without comments; continued lines are joined.
func splitInstructions(content string) []string {
	var lines []string
	for line := range strings.Lines(content) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	joined := strings.ReplaceAll(strings.Join(lines, "\n"), "\\\n", " ")
	return strings.Split(joined, "\n")
}

func (s *stage) apply(word, rest string) (err error) {
	switch word {
	case "COPY":
		err = s.applyCopy(strings.Fields(rest))
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
		s.stopSignal = rest
	case "VOLUME":
		s.volumes = strings.Fields(rest)
	case "ENTRYPOINT":
		err = json.Unmarshal([]byte(rest), &s.entrypoint)
	case "CMD":
		err = json.Unmarshal([]byte(rest), &s.cmd)
	case "RUN":
		s.runs = append(s.runs, rest)
	case "FROM", "LABEL":
	default:
		err = fmt.Errorf("this test does not support the instruction")
	}
	return err
}

func (s *stage) applyCopy(words []string) error {
	var c copyInstruction
	for len(words) > 0 && strings.HasPrefix(words[0], "--") {
		name, value, _ := strings.Cut(words[0], "=")
		switch name {
		case "--from":
			c.from = value
		case "--chown":
			c.owner = value
		default:
			return fmt.Errorf("this test does not support %s", name)
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
