package notify

import (
	"fmt"
	"strconv"
	"strings"
)

// Refusal is why a line of a comment approves nothing.
type Refusal struct {
	Line   string // "": the comment as a whole
	Reason string // part of a key of the catalogue
}

// Reasons of a Refusal.
const (
	RefusedForm        = "form"     // no line of its own, or in a quote or code
	RefusedApprover    = "approver" // the author is no approver
	RefusedOpener      = "opener"   // the author opened the pull request
	RefusedEdited      = "edited"   // the comment was changed
	RefusedNotTold     = "told"     // this pull request offers no such plan
	RefusedOld         = "old"      // a newer preview is there
	RefusedHead        = "head"     // the head has moved since
	RefusedClosed      = "closed"   // closed without a merge
	answerMarkerPrefix = "reconcile:answer comment="
)

// WriteAnswer returns the answer to a comment that is no valid approval.
func (w *Writer) WriteAnswer(comment int, refusals []Refusal) (string, error) {
	s := &document{Writer: w}
	s.addParagraph(s.message("answer.title"))
	var lines []string
	for _, r := range refusals {
		text := s.message("answer." + r.Reason)
		if r.Line != "" {
			text = s.message("answer.line", "line", s.markup.code(r.Line), "reason", text)
		}
		lines = append(lines, s.markup.listItem(text))
	}
	s.addParagraph(lines...)
	s.addParagraph(s.markup.code(fmt.Sprint(answerMarkerPrefix, comment)))
	return s.render()
}

// ReadAnswer returns the id of the comment that a text of WriteAnswer answers.
func ReadAnswer(text string) (comment int, ok bool) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	number, found := strings.CutPrefix(strings.Trim(lines[len(lines)-1], "`"), answerMarkerPrefix)
	comment, err := strconv.Atoi(number)
	return comment, found && err == nil
}
