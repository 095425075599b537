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
	RefusedForm       = "form"        // no line of its own, or in a quote or code
	RefusedApprover   = "approver"    // the author is no approver
	RefusedOpener     = "opener"      // the author opened the pull request
	RefusedEdited     = "edited"      // the comment was changed
	RefusedNotOffered = "not_offered" // this pull request offers no such plan
	RefusedOld        = "old"         // a newer preview is there
	RefusedHead       = "head"        // the head has moved since
	RefusedClosed     = "closed"      // closed without a merge

	answerMarkerPrefix       = "reconcile:answer comment="
	confirmationMarkerPrefix = "reconcile:recorded comment="
)

// WriteConfirmation returns the answer to a comment that approves plans, by the lines that it
// gave them in. Other lines of the comment may be refused. isMerged: its pull request is.
func (w *Writer) WriteConfirmation(comment int, approved []string, isMerged bool, refusals []Refusal) (string, error) {
	s := &document{writer: w}
	key := "answer.recorded"
	if isMerged {
		key = "answer.recorded-merged"
	}
	var lines []string
	for _, line := range approved {
		lines = append(lines, s.writer.markup.listItem(s.writer.markup.code(line)))
	}
	s.addParagraph(append([]string{s.message(key)}, lines...)...)
	if len(refusals) > 0 {
		s.addRefusals("answer.rest", refusals)
	}
	s.addParagraph(s.writer.markup.code(fmt.Sprint(confirmationMarkerPrefix, comment)))
	return s.render()
}

// WriteAnswer returns the answer to a comment that is no valid approval.
func (w *Writer) WriteAnswer(comment int, refusals []Refusal) (string, error) {
	s := &document{writer: w}
	s.addRefusals("answer.title", refusals)
	s.addParagraph(s.writer.markup.code(fmt.Sprint(answerMarkerPrefix, comment)))
	return s.render()
}

func (s *document) addRefusals(title string, refusals []Refusal) {
	s.addParagraph(s.message(title))
	var lines []string
	for _, r := range refusals {
		text := s.message("answer." + r.Reason)
		if r.Line != "" {
			text = s.message("answer.line", "line", s.writer.markup.code(r.Line), "reason", text)
		}
		lines = append(lines, s.writer.markup.listItem(text))
	}
	s.addParagraph(lines...)
}

// ReadAnswer returns the id of the comment that a text of WriteAnswer answers.
func ReadAnswer(text string) (comment int, ok bool) { return readCommentID(text, answerMarkerPrefix) }

// ReadConfirmation returns the id of the comment that a text of WriteConfirmation answers.
func ReadConfirmation(text string) (comment int, ok bool) {
	return readCommentID(text, confirmationMarkerPrefix)
}

// readCommentID reads the number behind a prefix in the last line of a text.
func readCommentID(text, prefix string) (comment int, ok bool) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	number, found := strings.CutPrefix(strings.Trim(lines[len(lines)-1], "`"), prefix)
	comment, err := strconv.Atoi(number)
	return comment, found && err == nil
}
