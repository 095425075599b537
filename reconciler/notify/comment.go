package notify

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Preview writes the comment on a pull request. last is the marker of the
// preview that it takes the place of; empty where there is none.
func (w *Writer) Preview(p *Preview, last Marker) (string, error) {
	top, err := w.top(p, last)
	if err != nil {
		return "", err
	}
	footer, err := w.words.Text("preview.footer")
	if err != nil {
		return "", err
	}
	end := "\n" + footer + "\n\n" + w.markup.literal(p.marker().String()) + "\n"
	limit := w.Limit
	if limit == 0 {
		limit = math.MaxInt
	}
	top = truncated(top, limit-utf8.RuneCountInString(end))
	plans, err := w.plans(p, limit-utf8.RuneCountInString(top+end))
	return top + plans + end, err
}

// few is a list as far as it is told.
func few[T any](list []T) []T { return list[:min(len(list), listed)] }

// listed is how many things of one kind are told of at most.
const listed = 40

// refused are all reasons, each once.
func (p *Preview) refused() []string {
	var all []string
	for _, ws := range p.Workspaces {
		all = append(all, ws.Refused...)
	}
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

// notes are all warnings, each once.
func (p *Preview) notes() []string {
	var notes []string
	for _, ws := range p.Workspaces {
		for _, warning := range ws.Warnings {
			if !slices.Contains(notes, warning) {
				notes = append(notes, warning)
			}
		}
	}
	return notes
}

// truncated is text without the lines that have no room.
func truncated(text string, room int) string {
	for utf8.RuneCountInString(text) > room {
		at := strings.LastIndex(strings.TrimRight(text, "\n"), "\n")
		if at < 0 {
			return ""
		}
		text = text[:at+1]
	}
	return text
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// alarming is a count that must not be overlooked.
func (w *Writer) alarming(n int) string {
	if n == 0 {
		return ""
	}
	return w.markup.bold(strconv.Itoa(n))
}

// reasons is how many reasons a row names.
const reasons = 3

func (w *Writer) because(because []string) string {
	text := w.list(because[:min(len(because), reasons)])
	if len(because) > reasons {
		text += ", …"
	}
	return text
}

// plans are the plans in full, as far as there is room: short ones first, so
// that a long one takes from no other.
func (w *Writer) plans(p *Preview, room int) (string, error) {
	var withPlan []Workspace
	for _, ws := range p.Workspaces {
		if ws.text() != "" {
			withPlan = append(withPlan, ws)
		}
	}
	bySize := slices.Clone(withPlan)
	slices.SortStableFunc(bySize, func(a, b Workspace) int {
		return cmp.Compare(utf8.RuneCountInString(a.text()), utf8.RuneCountInString(b.text()))
	})
	texts := map[string]string{}
	for i, ws := range bySize {
		text, err := w.plan(p, ws, room/(len(bySize)-i))
		if err != nil {
			return "", err
		}
		texts[ws.Name] = text
		room -= utf8.RuneCountInString(text)
	}
	var out strings.Builder
	for _, ws := range withPlan {
		out.WriteString(texts[ws.Name])
	}
	return out.String(), nil
}

// plan is one plan under its heading, cut to the room that it has; nothing
// where there is not even room for that.
func (w *Writer) plan(p *Preview, ws Workspace, room int) (string, error) {
	key := "preview.plan"
	if ws.Plan == "" {
		key = "preview.failed"
	}
	title, err := w.words.Text(key, "workspace", ws.Name)
	if err != nil {
		return "", err
	}
	heading := "\n" + w.markup.heading(title) + "\n"
	command := w.markup.literal(fmt.Sprintf("reconcile preview --pr %d --dry-run", p.Number))
	lines := strings.Split(strings.TrimRight(ws.text(), "\n"), "\n")
	for kept := len(lines); kept > 0; kept -= max(1, kept/20) {
		text := heading + w.markup.block(strings.Join(lines[:kept], "\n")) + "\n"
		if left := len(lines) - kept; left > 0 {
			cut, err := w.words.Text("preview.cut", "lines", left, "command", command)
			if err != nil {
				return "", err
			}
			text += cut + "\n"
		}
		if utf8.RuneCountInString(text) <= room {
			return text, nil
		}
	}
	left, err := w.words.Text("preview.left", "command", command)
	if text := heading + left + "\n"; utf8.RuneCountInString(text) <= room {
		return text, err
	}
	return "", err
}
