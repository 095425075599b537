package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// stage is a stage of a Dockerfile: the content of the image and how it is run.
type stage struct {
	copies                    []copyInstruction
	env                       map[string]string
	user, workdir, stopSignal string
	entrypoint, cmd           []string
	volumes, runs             []string
	labels                    map[string]string
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

func readDockerfile(path string) (dockerfile, error) {
	content, err := os.ReadFile(path) // #nosec G304 -- this repository's
	if err != nil {
		return nil, err
	}
	stages := dockerfile{}
	name := finalStage
	for _, line := range splitInstructions(string(content)) {
		if from, isFrom := strings.CutPrefix(line, "FROM "); isFrom {
			_, name, _ = strings.Cut(from, " AS ")
		}
		stages[name] = append(stages[name], line)
	}
	return stages, nil
}

// readStage reads a stage together with its base stage. An unknown instruction is an
// error, because the image would be another than the one that Docker builds.
func (d dockerfile) readStage(name string) (stage, error) {
	if len(d[name]) == 0 {
		return stage{}, fmt.Errorf("the Dockerfile has no stage %q", name)
	}
	s := stage{env: map[string]string{}, labels: map[string]string{}}
	for _, line := range d[name] {
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		var err error
		if base, _, _ := strings.Cut(rest, " "); word == "FROM" && len(d[base]) > 0 {
			s, err = d.readStage(base)
		} else if source, ok := strings.CutSuffix(rest, " / /"); word == "COPY" && ok {
			var from stage
			from, err = d.readStage(strings.TrimPrefix(source, "--from="))
			s.copies = append(s.copies, from.copies...)
		} else {
			err = s.apply(word, rest)
		}
		if err != nil {
			return stage{}, fmt.Errorf("the Dockerfile: %s: %w", line, err)
		}
	}
	return s, nil
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

// labelPattern finds NAME="VALUE".
var labelPattern = regexp.MustCompile(`(\S+)="([^"]*)"`)

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
	case "LABEL":
		for _, label := range labelPattern.FindAllStringSubmatch(rest, -1) {
			s.labels[label[1]] = label[2]
		}
	case "FROM":
	default:
		err = fmt.Errorf("this program does not support the instruction")
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
			return fmt.Errorf("this program does not support %s", name)
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

// readArgument returns the default of a stage's ARG.
func (d dockerfile) readArgument(stage, name string) (string, error) {
	for _, line := range d[stage] {
		if value, ok := strings.CutPrefix(line, "ARG "+name+"="); ok {
			return value, nil
		}
	}
	return "", fmt.Errorf("the Dockerfile: the stage %s has no ARG %s", stage, name)
}

// readOwner returns the numbers of a --chown; root's if there is none.
func (c copyInstruction) readOwner() (uid, gid int, err error) {
	if c.owner == "" {
		return 0, 0, nil
	}
	u, g, _ := strings.Cut(c.owner, ":")
	if uid, err = strconv.Atoi(u); err == nil {
		gid, err = strconv.Atoi(g)
	}
	return uid, gid, err
}
