package notify

import "strings"

// document builds a text by paragraphs. It keeps the first error; the text after an error
// is meaningless.
type document struct {
	writer     *Writer
	paragraphs []string
	err        error
}

// message returns a text of the catalogue.
func (s *document) message(key string, values ...any) string {
	text, err := s.writer.messages.Text(key, values...)
	if s.err == nil {
		s.err = err
	}
	return text
}

// addParagraph adds the lines as a paragraph; no lines add nothing.
func (s *document) addParagraph(lines ...string) {
	if text := strings.TrimSpace(strings.Join(lines, "\n")); text != "" {
		s.paragraphs = append(s.paragraphs, text)
	}
}

// addTitle adds a heading with the text of key. With an environment it uses the key for
// environments.
func (s *document) addTitle(key, environment string) {
	if environment == "" {
		s.addParagraph(s.writer.markup.heading(s.message(key)))
	} else {
		s.addParagraph(s.writer.markup.heading(s.message(key+".environment", "environment", environment)))
	}
}

// addList adds a text and a list item for each thing. Without things it adds nothing.
func addList[T any](s *document, text string, things []T, item func(T) string) {
	if len(things) == 0 {
		return
	}
	lines := []string{text}
	for _, thing := range things {
		lines = append(lines, s.writer.markup.listItem(item(thing)))
	}
	s.addParagraph(lines...)
}

func (s *document) render() (string, error) {
	return strings.Join(s.paragraphs, "\n\n") + "\n", s.err
}
