package notify

import "strings"

// document is a text that is being written, paragraph by paragraph. The first
// error is kept, and what comes after it is of no use.
type document struct {
	*Writer
	paragraphs []string
	err        error
}

// message is a text of the catalogue.
func (s *document) message(key string, values ...any) string {
	text, err := s.messages.Text(key, values...)
	if s.err == nil {
		s.err = err
	}
	return text
}

// addParagraph adds a paragraph of these lines; of none, none.
func (s *document) addParagraph(lines ...string) {
	if text := strings.TrimSpace(strings.Join(lines, "\n")); text != "" {
		s.paragraphs = append(s.paragraphs, text)
	}
}

// addTitle adds a heading: the text of a key, or, in an environment, of the key
// for that.
func (s *document) addTitle(key, environment string) {
	if environment == "" {
		s.addParagraph(s.markup.heading(s.message(key)))
	} else {
		s.addParagraph(s.markup.heading(s.message(key+".environment", "environment", environment)))
	}
}

// addList adds a text with an item for each of the things below it; where there
// are none, nothing.
func addList[T any](s *document, text string, things []T, item func(T) string) {
	if len(things) == 0 {
		return
	}
	lines := []string{text}
	for _, thing := range things {
		lines = append(lines, s.markup.listItem(item(thing)))
	}
	s.addParagraph(lines...)
}

func (s *document) render() (string, error) {
	return strings.Join(s.paragraphs, "\n\n") + "\n", s.err
}
