package ui

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"reconcile/internal/commitid"
	"reconcile/internal/visible"
	"reconcile/reconciler/notify/catalog"
	"reconcile/state"
)

// Styles of text. ColorWriter removes colours that cannot be shown.
var (
	StyleGood  = lipgloss.NewStyle().Foreground(lipgloss.Green)
	StyleBad   = lipgloss.NewStyle().Foreground(lipgloss.Red)
	StyleWait  = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
	StyleFaint = lipgloss.NewStyle().Faint(true)
	StyleBold  = lipgloss.NewStyle().Bold(true)
	StyleKey   = lipgloss.NewStyle().Foreground(lipgloss.Cyan)
)

// PrintJSON writes v as one line.
func PrintJSON(w io.Writer, v any) error {
	e := json.NewEncoder(visible.NewJSONWriter(w))
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// PrintJSONWith writes the object v as one line, with one more field at its end.
// encoding/json has no inline fields but those of embedded structs.
func PrintJSONWith(w io.Writer, v any, name string, field any) error {
	var object, last bytes.Buffer
	if err := errors.Join(PrintJSON(&object, v), PrintJSON(&last, map[string]any{name: field})); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s,%s", bytes.TrimSuffix(object.Bytes(), []byte("}\n")), bytes.TrimPrefix(last.Bytes(), []byte("{")))
	return err
}

// StyleOf returns the colour of an outcome.
func StyleOf(o state.Outcome) lipgloss.Style {
	switch o {
	case state.Applied, state.NoChanges:
		return StyleGood
	case state.Failed:
		return StyleBad
	case state.Blocked, state.Skipped, state.Busy, state.Drifted, state.Rolling:
		return StyleWait
	}
	return StyleFaint
}

// AbbrevCommit shortens a commit id for a table.
func AbbrevCommit(commit commitid.ID) string { return cmp.Or(commit.Abbrev(), "-") }

// FormatChanges formats counts of changes: as applied ones with that outcome, else as planned.
func FormatChanges(t *catalog.Translator, c state.Changes, outcome state.Outcome) string {
	var parts []string
	for _, part := range []struct {
		n       int
		to, did string
	}{
		{c.Add, "%d to add", "%d added"}, {c.Change, "%d to change", "%d changed"},
		{c.Replace, "%d to replace", "%d replaced"}, {c.Destroy, "%d to destroy", "%d destroyed"},
	} {
		format := part.to
		if outcome == state.Applied {
			format = part.did
		}
		if part.n > 0 {
			parts = append(parts, t.Sprintf(format, part.n))
		}
	}
	return strings.Join(parts, t.Text(", "))
}

// FormatCount returns a number of things, such as "no errors" or "1 error".
func FormatCount(t *catalog.Translator, n int, noun string) string {
	switch n {
	case 0:
		return t.Text("no " + noun + "s")
	case 1:
		return t.Text("1 " + noun)
	}
	return t.Sprintf("%d "+noun+"s", n)
}

// FormatDuration formats a duration for people: 0.4s, 12s, 3m05s, 1h02m. One below zero, of a
// time that was recorded where the clock was ahead, is 0.0s.
func FormatDuration(t *catalog.Translator, d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 10*time.Second:
		return t.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return t.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return t.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return t.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// FormatAge formats the time since at in its largest unit.
func FormatAge(t *catalog.Translator, at, now time.Time) string {
	if at.IsZero() {
		return "-"
	}
	d := max(now.Sub(at), 0)
	switch {
	case d < time.Minute:
		return t.Sprintf("%ds ago", int(d.Seconds()))
	case d < time.Hour:
		return t.Sprintf("%dm ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return t.Sprintf("%dh ago", int(d.Hours()))
	}
	return t.Sprintf("%dd ago", int(d.Hours()/24))
}

// FormatBytes formats a size for people.
func FormatBytes(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
