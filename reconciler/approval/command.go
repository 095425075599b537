package approval

import (
	"bytes"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"reconcile/internal/lazyregexp"
)

// Command is the line "/approve WORKSPACE DIGITS" of a comment.
type Command struct {
	Workspace string
	Digits    string // the first digits of the plan's digest
}

// String returns the line as people write it.
func (c Command) String() string { return "/approve " + c.Workspace + " " + c.Digits }

// maxCommentSize is the maximum size of a comment that is read, in bytes.
const maxCommentSize = 64 << 10

var (
	commandPattern = lazyregexp.New(`^/approve (\S(?:.*\S)?) ([0-9a-f]{16,64})[ \t]*$`)
	// attemptPattern matches what somebody may have meant as a command.
	attemptPattern = lazyregexp.New(`(?m)^/approve\b|/approve\s+\S.*[0-9a-f]{8}`)
)

// FindCommands returns the commands of a comment: each on a line of its own, outside quotes
// and code of Markdown and of Backlog's notation. isAttempt reports whether the comment has
// none, and yet somebody may have meant one.
func FindCommands(comment string) (commands []Command, isAttempt bool) {
	if len(comment) > maxCommentSize {
		return nil, strings.Contains(comment, "/approve ")
	}
	source := []byte(strings.ReplaceAll(comment, "\r\n", "\n"))
	if attempt := attemptPattern().Match(source); !attempt {
		return nil, false
	}
	plain := findPlainLines(source)
	start := 0
	marked := markedLines{}
	for line := range bytes.Lines(source) {
		body := strings.TrimSuffix(string(line), "\n")
		if isMarked := marked.next(body); plain[start] && !isMarked {
			if match := commandPattern().FindStringSubmatch(body); match != nil {
				commands = append(commands, Command{match[1], match[2]})
			}
		}
		start += len(line)
	}
	return commands, len(commands) == 0
}

// markedLines knows the lines that are a quote or code in Backlog's notation.
type markedLines struct{ end string }

// next reports whether a line is a quote or code, or a part of one.
func (m *markedLines) next(line string) bool {
	if m.end != "" {
		if strings.Contains(line, m.end) {
			m.end = ""
		}
		return true
	}
	for _, name := range []string{"code", "quote"} {
		open := strings.LastIndex(line, "{"+name)
		if open >= 0 && !strings.Contains(line[open:], "{/"+name+"}") {
			m.end = "{/" + name + "}"
			return true
		}
	}
	return false
}

// findPlainLines returns the offsets of the lines that are a part of a paragraph in Markdown,
// and neither in a quote nor in code or HTML.
func findPlainLines(source []byte) map[int]bool {
	plain := map[int]bool{}
	var tags []tag
	hide := func(from, to int) {
		for at := bytes.LastIndexByte(source[:from], '\n') + 1; at < to; {
			delete(plain, at)
			next := bytes.IndexByte(source[at:], '\n')
			if next < 0 {
				break
			}
			at += next + 1
		}
	}
	document := goldmark.DefaultParser().Parse(text.NewReader(source))
	_ = ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) { // our function returns no error
		if !entering {
			return ast.WalkContinue, nil
		}
		switch node := node.(type) {
		case *ast.Blockquote:
			return ast.WalkSkipChildren, nil
		case *ast.Paragraph, *ast.TextBlock:
			for i := range node.Lines().Len() {
				plain[node.Lines().At(i).Start] = true
			}
		case *ast.HTMLBlock:
			for i := range node.Lines().Len() {
				tags = append(tags, findTags(source, node.Lines().At(i))...)
			}
		case *ast.RawHTML:
			for i := range node.Segments.Len() {
				hide(node.Segments.At(i).Start, node.Segments.At(i).Stop)
				tags = append(tags, findTags(source, node.Segments.At(i))...)
			}
		case *ast.CodeSpan, *ast.Image:
			_ = ast.Walk(node, func(child ast.Node, _ bool) (ast.WalkStatus, error) {
				if part, ok := child.(*ast.Text); ok {
					hide(part.Segment.Start, part.Segment.Stop)
				}
				return ast.WalkContinue, nil
			})
		}
		return ast.WalkContinue, nil
	})
	if len(tags) > maxTags {
		return nil
	}
	for i, t := range tags {
		if t.isEnd {
			continue
		}
		rest := tags[i+1:]
		if end := slices.IndexFunc(rest, func(e tag) bool { return e.isEnd && e.name == t.name }); end >= 0 {
			hide(t.start, rest[end].start)
		} else if slices.Contains(quotingTags, t.name) {
			hide(t.start, len(source))
		}
	}
	return plain
}

// maxTags is how many tags of HTML a comment may have: each is compared with those after it.
const maxTags = 1000

// tag is a tag of HTML in a comment: what stands between two of them may be a quote.
type tag struct {
	start int
	name  string
	isEnd bool
}

// quotingTags are the elements that quote, strike out or hide what follows, also where no end does.
var quotingTags = []string{"blockquote", "code", "del", "details", "pre", "q", "s", "script", "strike", "style", "template", "textarea"}

var tagPattern = lazyregexp.New(`<(/?)([A-Za-z][A-Za-z0-9-]*)`)

// findTags returns the tags in a part of a comment that is HTML.
func findTags(source []byte, part text.Segment) []tag {
	var tags []tag
	for _, at := range tagPattern().FindAllSubmatchIndex(source[part.Start:part.Stop], -1) {
		name := strings.ToLower(string(source[part.Start+at[4] : part.Start+at[5]]))
		tags = append(tags, tag{part.Start + at[0], name, at[3] > at[2]})
	}
	return tags
}
