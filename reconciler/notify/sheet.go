package notify

import "strings"

// sheet is a text that is being written, paragraph by paragraph. The first
// error is kept, and what comes after it is of no use.
type sheet struct {
	*Writer
	paragraphs []string
	err        error
}

// say is a text of the catalogue.
func (s *sheet) say(key string, values ...any) string {
	text, err := s.words.Text(key, values...)
	if s.err == nil {
		s.err = err
	}
	return text
}

// add adds a paragraph of these lines; of none, none.
func (s *sheet) add(lines ...string) {
	if text := strings.TrimSpace(strings.Join(lines, "\n")); text != "" {
		s.paragraphs = append(s.paragraphs, text)
	}
}

// title adds a heading: the text of a key, or, in an environment, of the key
// for that.
func (s *sheet) title(key, environment string) {
	if environment == "" {
		s.add(s.markup.heading(s.say(key)))
	} else {
		s.add(s.markup.heading(s.say(key+".environment", "environment", environment)))
	}
}

// listing adds a text with an item for each of the things below it; where there
// are none, nothing.
func listing[T any](s *sheet, text string, things []T, item func(T) string) {
	if len(things) == 0 {
		return
	}
	lines := []string{text}
	for _, thing := range things {
		lines = append(lines, s.markup.item(item(thing)))
	}
	s.add(lines...)
}

func (s *sheet) text() (string, error) {
	return strings.Join(s.paragraphs, "\n\n") + "\n", s.err
}
