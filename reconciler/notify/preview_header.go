package notify

import (
	"strings"
)

// previewHeader returns a preview without its plans. It truncates long lists, to leave room
// for the plans.
func (w *Writer) previewHeader(p *Preview, last Marker) (string, error) {
	s := &document{writer: w}
	s.addTitle("preview.title", p.Environment)
	code, base := s.writer.markup.code, s.writer.markup.code(p.Base)
	switch {
	case len(p.Conflicts) > 0:
		s.addParagraph(s.message("preview.conflict", "branch", code(p.Branch), "base", base))
		s.addParagraph(s.conflictTable(limitList(p.Conflicts)))
	case p.Problem != "":
		s.addParagraph(s.message("preview.problem"))
		s.addParagraph(s.writer.markup.codeBlock(strings.Join(limitList(strings.Split(p.Problem, "\n")), "\n")))
	case len(p.Workspaces) > 0:
		s.addParagraph(s.message("preview.affected", "count", len(p.Workspaces)))
		s.addParagraph(s.previewTable(p))
	default:
		s.addParagraph(s.message("preview.none"))
	}
	s.addDiff(p.diffSince(last))
	var renamed []string
	for _, r := range limitList(p.Renamed) {
		renamed = append(renamed, s.message("preview.renamed", "from", code(r.From), "to", code(r.To)))
	}
	s.addParagraph(renamed...)
	s.addWorkspaces("preview.removed", p.Removed)
	addList(s, s.message("preview.readers"), limitList(p.Readers), func(r Reader) string {
		return s.message("preview.reader", "workspace", code(r.Name), "after", s.writer.codeList(r.After))
	})
	s.addWorkspaces("preview.waiting", p.Waiting, "base", base)
	if p.CrissCross {
		s.addParagraph(s.message("preview.crossed"))
	}
	s.addWorkspaces("preview.rights", p.PermissionChanges, "base", base)
	if refused := limitList(p.refusals()); len(refused) > 0 {
		s.addParagraph(s.message("preview.refused", "base", base))
		s.addParagraph(s.writer.markup.codeBlock(strings.Join(refused, "\n")))
	}
	addList(s, s.message("preview.warnings"), limitList(p.warnings()), code)
	return s.render()
}

// addWorkspaces adds a text about workspaces, if there are any.
func (s *document) addWorkspaces(key string, workspaces []string, values ...any) {
	if len(workspaces) > 0 {
		s.addParagraph(s.message(key, append(values, "workspaces", s.writer.codeList(limitList(workspaces)))...))
	}
}

// addDiff adds the differences from an earlier preview; nil adds nothing.
func (s *document) addDiff(d *Diff) {
	if d == nil {
		return
	}
	head := s.writer.markup.code(d.Head.Abbrev())
	if d.isEmpty() {
		s.addParagraph(s.message("preview.since.same", "head", head))
		return
	}
	lines := []string{s.message("preview.since", "head", head)}
	for _, kind := range []struct {
		key   string
		names []string
	}{{"preview.since.new", d.New}, {"preview.since.changed", d.Changed}, {"preview.since.gone", d.Removed}} {
		for _, name := range kind.names {
			lines = append(lines, s.writer.markup.listItem(s.message(kind.key, "workspace", s.writer.markup.code(name))))
		}
	}
	s.addParagraph(lines...)
}

var previewColumns = []string{"workspace", "outcome", "add", "change", "replace", "destroy", "because"}

// previewTable returns a table with one row a workspace.
func (s *document) previewTable(p *Preview) string {
	var rows [][]string
	for _, ws := range p.tableWorkspaces() {
		rows = append(rows, []string{
			s.writer.markup.code(ws.Name), s.message("outcome." + ws.Outcome),
			countText(ws.Add), countText(ws.Change), s.writer.boldCount(ws.Replace), s.writer.boldCount(ws.Destroy), s.writer.listReasons(ws.Reasons),
		})
	}
	if omitted := len(p.Workspaces) - len(rows); omitted > 0 {
		rows = append(rows, append([]string{s.message("table.more", "count", omitted)}, make([]string, len(previewColumns)-1)...))
	}
	return s.writer.markup.table(s.tableHeader(previewColumns...), rows)
}

func (s *document) conflictTable(conflicts []Conflict) string {
	var rows [][]string
	for _, c := range conflicts {
		rows = append(rows, []string{s.writer.markup.code(c.Path), s.message("conflict." + c.Kind)})
	}
	return s.writer.markup.table(s.tableHeader("path", "conflict"), rows)
}

func (s *document) tableHeader(names ...string) (cells []string) {
	for _, name := range names {
		cells = append(cells, s.message("table."+name))
	}
	return cells
}
