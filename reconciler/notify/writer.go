package notify

import (
	"strings"

	"reconcile/reconciler/notify/catalog"
)

// Writer writes texts in one language and one format.
type Writer struct {
	// MaxLength is the maximum length of a text, in characters; 0 means no limit.
	MaxLength int
	language  string
	format    Format
	messages  catalog.Messages
	tr        *catalog.Translator // of texts that were not made for comments, such as errors
	markup    markup
}

// String returns the language and the format.
func (w *Writer) String() string { return w.language + ", " + string(w.format) }

// MaxCommentLength is a MaxLength for comments. Backlog's own limit is not documented;
// 20,000 is believed to be safe.
const MaxCommentLength = 18_000

// NewWriter returns a writer. An unknown language or format is an error.
func NewWriter(language string, format Format) (*Writer, error) {
	messages, err := catalog.Load(language)
	if err != nil {
		return nil, err
	}
	markup, err := format.newMarkup()
	if err != nil {
		return nil, err
	}
	tr, err := catalog.NewTranslator(language)
	if err != nil {
		return nil, err
	}
	return &Writer{language: language, format: format, messages: messages, tr: tr, markup: markup}, nil
}

// codeList returns names in one line, marked up as code.
func (w *Writer) codeList(names []string) string {
	var marked []string
	for _, name := range names {
		marked = append(marked, w.markup.code(name))
	}
	return strings.Join(marked, ", ")
}
