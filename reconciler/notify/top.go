package notify

import "strings"

// top is all of a preview but the plans. Long lists are cut, so that they leave
// room for those.
func (w *Writer) top(p *Preview, last Marker) (string, error) {
	s := &sheet{Writer: w}
	s.title("preview.title", p.Environment)
	literal, base := s.markup.literal, s.markup.literal(p.Base)
	switch {
	case len(p.Conflicts) > 0:
		s.add(s.say("preview.conflict", "branch", literal(p.Branch), "base", base))
		s.add(s.conflicts(few(p.Conflicts)))
	case p.Problem != "":
		s.add(s.say("preview.problem"))
		s.add(s.markup.block(strings.Join(few(strings.Split(p.Problem, "\n")), "\n")))
	case len(p.Workspaces) > 0:
		s.add(s.say("preview.affected", "count", len(p.Workspaces)))
		s.add(s.table(p))
	default:
		s.add(s.say("preview.none"))
	}
	s.since(p.since(last))
	var renamed []string
	for _, r := range few(p.Renamed) {
		renamed = append(renamed, s.say("preview.renamed", "from", literal(r.From), "to", literal(r.To)))
	}
	s.add(renamed...)
	s.about("preview.removed", p.Removed)
	listing(s, s.say("preview.readers"), few(p.Readers), func(r Reader) string {
		return s.say("preview.reader", "workspace", literal(r.Name), "after", s.list(r.After))
	})
	s.about("preview.waiting", p.Waiting, "base", base)
	if p.Crossed {
		s.add(s.say("preview.crossed"))
	}
	s.about("preview.rights", p.Rights, "base", base)
	if refused := few(p.refused()); len(refused) > 0 {
		s.add(s.say("preview.refused", "base", base))
		s.add(s.markup.block(strings.Join(refused, "\n")))
	}
	listing(s, s.say("preview.warnings"), few(p.notes()), literal)
	return s.text()
}

// about adds a text about workspaces, if there are any.
func (s *sheet) about(key string, workspaces []string, values ...any) {
	if len(workspaces) > 0 {
		s.add(s.say(key, append(values, "workspaces", s.list(few(workspaces)))...))
	}
}

// since adds what is different from an earlier preview; nil: nothing is known
// of one.
func (s *sheet) since(d *Since) {
	if d == nil {
		return
	}
	head := s.markup.literal(short(d.Head))
	if d.Same() {
		s.add(s.say("preview.since.same", "head", head))
		return
	}
	lines := []string{s.say("preview.since", "head", head)}
	for _, kind := range []struct {
		key   string
		names []string
	}{{"preview.since.new", d.New}, {"preview.since.changed", d.Changed}, {"preview.since.gone", d.Gone}} {
		for _, name := range kind.names {
			lines = append(lines, s.markup.item(s.say(kind.key, "workspace", s.markup.literal(name))))
		}
	}
	s.add(lines...)
}

var columns = []string{"workspace", "outcome", "add", "change", "replace", "destroy", "because"}

// table is a row a workspace.
func (s *sheet) table(p *Preview) string {
	var rows [][]string
	for _, ws := range p.shown() {
		rows = append(rows, []string{
			s.markup.literal(ws.Name), s.say("outcome." + ws.Outcome),
			count(ws.Add), count(ws.Change), s.alarming(ws.Replace), s.alarming(ws.Destroy), s.because(ws.Because),
		})
	}
	if left := len(p.Workspaces) - len(rows); left > 0 {
		rows = append(rows, append([]string{s.say("table.more", "count", left)}, make([]string, len(columns)-1)...))
	}
	return s.markup.table(s.header(columns...), rows)
}

func (s *sheet) conflicts(conflicts []Conflict) string {
	var rows [][]string
	for _, c := range conflicts {
		rows = append(rows, []string{s.markup.literal(c.Path), s.say("conflict." + c.Kind)})
	}
	return s.markup.table(s.header("path", "conflict"), rows)
}

func (s *sheet) header(names ...string) (cells []string) {
	for _, name := range names {
		cells = append(cells, s.say("table."+name))
	}
	return cells
}
