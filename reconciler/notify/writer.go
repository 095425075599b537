package notify

import (
	"strings"

	"reconcile/reconciler/notify/catalog"
)

// Writer writes texts in one language and one format.
type Writer struct {
	// Limit is how long a text becomes at most, in characters; 0: any length.
	Limit    int
	language string
	format   Format
	words    catalog.Words
	markup   markup
}

// String tells the language and the format.
func (w *Writer) String() string { return w.language + ", " + string(w.format) }

// CommentLimit is a Limit for comments. Backlog's own is not documented; 20,000
// is thought to be safe.
const CommentLimit = 18_000

// NewWriter returns a writer. An unknown language or format is an error.
func NewWriter(language string, format Format) (*Writer, error) {
	words, err := catalog.In(language)
	if err != nil {
		return nil, err
	}
	markup, err := format.markup()
	if err != nil {
		return nil, err
	}
	return &Writer{language: language, format: format, words: words, markup: markup}, nil
}

// list are names in one line.
func (w *Writer) list(names []string) string {
	var marked []string
	for _, name := range names {
		marked = append(marked, w.markup.literal(name))
	}
	return strings.Join(marked, ", ")
}

// short is a commit as people read it.
func short(commit string) string { return commit[:min(len(commit), 10)] }
