package notify

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// ChangeToApprove is a change that keeps a plan waiting.
type ChangeToApprove struct {
	Address string
	Risk    string
	Why     map[string]string // by language
}

// Offer is what people need to approve a plan by a comment, before the merge.
type Offer struct {
	Risk string
	// Changes are all changes of the plan where it needs approval as a whole (IsWhole), whatever they are.
	Changes []ChangeToApprove
	IsWhole bool
	// IsUnsafe: the pull request's own code may have run, so that what the plan shows may be
	// another than what its digest says.
	IsUnsafe bool
	// IsForeign: an untrusted process made the plan. Only what Changes shows of it can be
	// approved, because the pass after the merge compares that.
	IsForeign bool
}

// shownPlans is how many lines of each workspace's plan a comment shows.
type shownPlans map[string]int

// writeOffers returns the part of a preview about plans that wait: risk, reasons, and the line
// that approves each. It offers no line where the comment may be wrong, or does not show all
// that needs approval. isCut: the comment's beginning had no room.
func (w *Writer) writeOffers(p *Preview, shown shownPlans, isCut bool) (string, error) {
	s := &document{writer: w}
	var withOffer []Workspace
	for _, ws := range p.Workspaces {
		if ws.Offer != nil {
			withOffer = append(withOffer, ws)
		}
	}
	if len(withOffer) == 0 || !p.TakesComments {
		return "", nil
	}
	s.addParagraph(s.writer.markup.heading(s.message("offer.title")))
	for _, ws := range withOffer {
		s.addOffer(ws, shown[ws.Name], isCut)
	}
	text, err := s.render()
	return "\n" + text, err
}

func (s *document) addOffer(ws Workspace, shown int, isCut bool) {
	o := ws.Offer
	if o.IsForeign && len(o.Changes) == 0 {
		s.addParagraph(s.message("offer.foreign", "workspace", s.writer.markup.code(ws.Name)))
		return
	}
	addList(s, s.message("offer.waits", "workspace", s.writer.markup.code(ws.Name), "risk", s.message("risk."+o.Risk)), limitList(o.Changes), func(a ChangeToApprove) string {
		return s.message("offer.change", "address", s.writer.markup.code(a.Address), "risk", s.message("risk."+a.Risk), "why", s.writer.markup.escape(a.Why[s.writer.language]))
	})
	if len(o.Changes) == 0 {
		s.addParagraph(s.message("offer.whole", "workspace", s.writer.markup.code(ws.Name)))
	}
	switch {
	case o.IsUnsafe:
		s.addParagraph(s.message("offer.unsafe", "workspace", s.writer.markup.code(ws.Name)))
	case isCut || len(o.Changes) > maxListed && (o.IsForeign || !o.IsWhole) || !isShown(ws, shown):
		s.addParagraph(s.message("offer.cut", "workspace", s.writer.markup.code(ws.Name)))
	default:
		s.addParagraph(s.message("offer.answer", "workspace", s.writer.markup.code(ws.Name)))
		s.addParagraph(s.writer.markup.codeBlock("/approve " + ws.Name + " " + ws.Digest.Abbrev()))
	}
}

// isShown reports whether the first lines of a plan have all of each change that needs approval.
func isShown(ws Workspace, shown int) bool {
	lines := strings.Split(strings.TrimRight(ws.Plan, "\n"), "\n")
	if shown >= len(lines) {
		return true
	}
	if ws.Offer.IsWhole {
		return false
	}
	return !slices.ContainsFunc(ws.Offer.Changes, func(a ChangeToApprove) bool {
		begin := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, planHeading+a.Address+" ") })
		if begin < 0 {
			return true
		}
		end := slices.IndexFunc(lines[begin+1:], func(line string) bool {
			return strings.HasPrefix(line, planHeading) || strings.HasPrefix(line, "Plan: ")
		})
		return end < 0 || begin+1+end > shown
	})
}

// planHeading begins the line before a change in the text of a plan.
const planHeading = "  # "

// measureOffers returns the most room that offers may need, in characters.
func (w *Writer) measureOffers(p *Preview) (room int, err error) {
	for _, isCut := range []bool{false, true} {
		all := shownPlans{}
		for _, ws := range p.Workspaces {
			all[ws.Name] = strings.Count(ws.Plan, "\n") + 1
		}
		text, err := w.writeOffers(p, all, isCut)
		if err != nil {
			return 0, err
		}
		room += utf8.RuneCountInString(text)
	}
	return room, nil
}
