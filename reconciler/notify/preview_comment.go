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

// WritePreview returns the comment on a pull request. last is the marker of the preview
// that it replaces, or the zero Marker.
func (w *Writer) WritePreview(p *Preview, last Marker) (string, error) {
	translated := w.translate(p)
	header, err := w.previewHeader(translated, last)
	if err != nil {
		return "", err
	}
	footer, err := w.messages.Text("preview.footer")
	if err != nil {
		return "", err
	}
	tail := "\n" + footer + "\n\n" + w.markup.code(p.newMarker().String()) + "\n"
	limit := w.MaxLength
	if limit == 0 {
		limit = math.MaxInt
	}
	reserved, err := w.measureOffers(p)
	if err != nil {
		return "", err
	}
	whole := header
	header = truncateText(header, limit-utf8.RuneCountInString(tail)-reserved)
	plans, shown, err := w.renderPlans(translated, limit-utf8.RuneCountInString(header+tail)-reserved)
	if err != nil {
		return "", err
	}
	offers, err := w.writeOffers(p, shown, header != whole)
	return header + plans + offers + tail, err
}

// translate returns a preview whose errors and warnings are in the language of the writer.
func (w *Writer) translate(p *Preview) *Preview {
	translated := *p
	translated.Problem = w.tr.Translate(p.Problem)
	translated.Workspaces = slices.Clone(p.Workspaces)
	for i := range translated.Workspaces {
		ws := &translated.Workspaces[i]
		ws.Error = w.tr.Translate(ws.Error)
		ws.Refused, ws.Warnings = w.translateAll(ws.Refused), w.translateAll(ws.Warnings)
	}
	return &translated
}

func (w *Writer) translateAll(texts []string) (translated []string) {
	for _, text := range texts {
		translated = append(translated, w.tr.Translate(text))
	}
	return translated
}

// limitList returns at most maxListed elements of list.
func limitList[T any](list []T) []T { return list[:min(len(list), maxListed)] }

// maxListed is the maximum number of list items of one kind.
const maxListed = 40

// refusals returns all reasons for refusals, without duplicates.
func (p *Preview) refusals() []string {
	var refusals []string
	for _, ws := range p.Workspaces {
		refusals = append(refusals, ws.Refused...)
	}
	return slices.Compact(slices.Sorted(slices.Values(refusals)))
}

// warnings returns all warnings, without duplicates.
func (p *Preview) warnings() []string {
	var warnings []string
	for _, ws := range p.Workspaces {
		for _, warning := range ws.Warnings {
			if !slices.Contains(warnings, warning) {
				warnings = append(warnings, warning)
			}
		}
	}
	return warnings
}

// truncateText removes the lines for which there is no room.
func truncateText(text string, room int) string {
	for utf8.RuneCountInString(text) > room {
		end := strings.LastIndex(strings.TrimRight(text, "\n"), "\n")
		if end < 0 {
			return ""
		}
		text = text[:end+1]
	}
	return text
}

func countText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// boldCount returns a count in bold, so that nobody overlooks it.
func (w *Writer) boldCount(n int) string {
	if n == 0 {
		return ""
	}
	return w.markup.bold(strconv.Itoa(n))
}

// maxReasons is the maximum number of reasons in a row.
const maxReasons = 3

func (w *Writer) listReasons(reasons []string) string {
	text := w.codeList(reasons[:min(len(reasons), maxReasons)])
	if len(reasons) > maxReasons {
		text += ", …"
	}
	return text
}

// renderPlans returns the plans in full, as far as there is room. It renders short plans
// first, so that a long plan takes no room from them.
func (w *Writer) renderPlans(p *Preview, room int) (string, shownPlans, error) {
	var withPlan []Workspace
	for _, ws := range p.Workspaces {
		if ws.details() != "" {
			withPlan = append(withPlan, ws)
		}
	}
	bySize := slices.Clone(withPlan)
	slices.SortStableFunc(bySize, func(a, b Workspace) int {
		return cmp.Compare(utf8.RuneCountInString(a.details()), utf8.RuneCountInString(b.details()))
	})
	texts, shown := map[string]string{}, shownPlans{}
	for i, ws := range bySize {
		text, lines, err := w.renderPlan(p, ws, room/(len(bySize)-i))
		if err != nil {
			return "", nil, err
		}
		texts[ws.Name], shown[ws.Name] = text, lines
		room -= utf8.RuneCountInString(text)
	}
	var out strings.Builder
	for _, ws := range withPlan {
		out.WriteString(texts[ws.Name])
	}
	return out.String(), shown, nil
}

// renderPlan returns one plan with its heading, truncated to room, and how many lines of
// the plan it has. Without room for the heading it returns "".
func (w *Writer) renderPlan(p *Preview, ws Workspace, room int) (text string, shown int, err error) {
	key := "preview.plan"
	if ws.Plan == "" {
		key = "preview.failed"
	}
	title, err := w.messages.Text(key, "workspace", ws.Name)
	if err != nil {
		return "", 0, err
	}
	heading := "\n" + w.markup.heading(title) + "\n"
	command := w.markup.code(fmt.Sprintf("reconcile preview --pr %d --dry-run", p.Number))
	lines := strings.Split(strings.TrimRight(ws.details(), "\n"), "\n")
	for shown := len(lines); shown > 0; shown -= max(1, shown/20) {
		text := heading + w.markup.codeBlock(strings.Join(lines[:shown], "\n")) + "\n"
		if omitted := len(lines) - shown; omitted > 0 {
			cut, err := w.messages.Text("preview.cut", "lines", omitted, "command", command)
			if err != nil {
				return "", 0, err
			}
			text += cut + "\n"
		}
		if utf8.RuneCountInString(text) <= room {
			return text, shown, nil
		}
	}
	omitted, err := w.messages.Text("preview.left", "command", command)
	if text := heading + omitted + "\n"; utf8.RuneCountInString(text) <= room {
		return text, 0, err
	}
	return "", 0, err
}
