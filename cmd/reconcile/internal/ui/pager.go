package ui

import (
	"io"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/term"
)

// Page shows a text on the terminal, in a pager if it has more lines than the screen: that
// of PAGER, else less, if it is installed.
func Page(terminal *os.File, text string) error {
	_, height, err := term.GetSize(int(terminal.Fd()))
	if err != nil || strings.Count(text, "\n") < height {
		_, err := io.WriteString(terminal, text)
		return err
	}
	pager := os.Getenv("PAGER")
	if pager == "" {
		pager = "less"
	}
	c := exec.Command("sh", "-c", pager) // #nosec G204 G702 -- PAGER is a command line of the user's own
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(text), terminal, os.Stderr
	if _, set := os.LookupEnv("LESS"); !set {
		c.Env = append(os.Environ(), "LESS=FRX")
	}
	if err := c.Run(); err == nil {
		return nil
	}
	_, err = io.WriteString(terminal, text)
	return err
}

// ColorPlan colours the lines of a plan's text by what they do.
func ColorPlan(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		sign, _, _ := strings.Cut(strings.TrimLeft(line, " "), " ")
		switch sign {
		case "+":
			lines[i] = StyleGood.Render(line)
		case "-", "-/+", "+/-":
			lines[i] = StyleBad.Render(line)
		case "~":
			lines[i] = StyleWait.Render(line)
		}
	}
	return strings.Join(lines, "\n")
}
