package redact

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"

	"reconcile/internal/lazyregexp"
)

const redacted = "(redacted)"

// maxGap is the maximum length in bytes of white space inside a secret.
const maxGap = 64 << 10

// span is a part of the text, as offsets in all that was written.
type span struct{ start, end int }

// stream redacts one text that comes in parts. It searches the text twice at the same time,
// since a program breaks lines at a space or in the middle of a word: in one search a run of
// white space is one space, in the other a line break is nothing.
type stream struct {
	matcher     *matcher
	pending     []byte // text that is not forwarded yet
	base        int    // offset of pending
	scanned     int    // offset of the end of pending
	replacedEnd int    // offset of the end of the last secret that was replaced
	spans       []span // secrets from base on, sorted, with overlaps joined

	spaced, joined search
	raw            search // of a secret that begins inside a colour, and so may be no colour
	gap            int    // length of the run of white space before the next character
	broken         bool   // that run has a line break
}

// search is a state of the matcher and the offsets of the characters that led to it.
type search struct {
	state  int32
	starts []int
}

// write returns what is certain not to be a secret.
func (s *stream) write(text []byte) []byte {
	s.add(text)
	return s.flush(false)
}

// writeLast returns all that is left; no more text follows.
func (s *stream) writeLast(text []byte) []byte {
	s.add(text)
	return s.flush(true)
}

func (s *stream) add(text []byte) {
	s.pending = append(s.pending, text...)
	s.scan(text)
}

// use replaces the matcher by one that knows more.
func (s *stream) use(m *matcher) {
	s.matcher, s.spans = m, nil
	s.restart()
	if len(s.pending) > 0 { // begins with a character
		s.scanned, s.gap, s.broken = s.base, 0, false
		s.scan(s.pending)
	}
}

// scan searches the text, which is the end of pending.
func (s *stream) scan(text []byte) {
	for i := 0; i < len(text); {
		char, size := utf8.DecodeRune(text[i:])
		colour, frame := 0, 0
		if char == '\x1b' {
			colour = len(escapePattern().Find(text[i:]))
		} else if s.broken {
			frame = frameLen(text[i:])
		}
		switch {
		case colour > 0:
			size = colour
			for k := range size {
				s.feedTo(&s.raw, text[i+k], s.scanned+k)
			}
		case frame > 0:
			size = frame
			s.searchFrame(text[i : i+size])
			s.feedSpace(false, size)
		case unicode.IsSpace(char):
			s.feedSpace(char == '\n', size)
		default:
			s.gap, s.broken = 0, false
			for k := range size {
				s.feed(text[i+k], s.scanned+k)
			}
		}
		i += size
		s.scanned += size
	}
}

// feed adds a character of the text to both searches.
func (s *stream) feed(char byte, start int) {
	s.feedTo(&s.spaced, char, start)
	s.feedTo(&s.joined, char, start)
	s.feedRaw(char, start)
}

// feedRaw adds a character to what began inside a colour.
func (s *stream) feedRaw(char byte, start int) {
	if s.raw.state != 0 {
		s.feedTo(&s.raw, char, start)
	}
}

// restart forgets the beginnings of secrets.
func (s *stream) restart() { s.spaced, s.joined, s.raw = search{}, search{}, search{} }

// searchFrame searches a frame by itself: the key of an instance in it may be a secret.
func (s *stream) searchFrame(frame []byte) {
	var inside search
	for k, char := range frame {
		s.feedTo(&inside, char, s.scanned+k)
	}
}

// feedSpace adds a part of a run of white space.
func (s *stream) feedSpace(isBreak bool, size int) {
	if s.gap == 0 {
		s.feedTo(&s.spaced, ' ', s.scanned)
		s.feedRaw(' ', s.scanned)
		if !isBreak {
			s.feedTo(&s.joined, ' ', s.scanned)
		}
	}
	s.gap += size
	s.broken = s.broken || isBreak
	if s.gap > maxGap {
		s.restart()
	}
}

func (s *stream) feedTo(to *search, char byte, start int) {
	to.state = s.matcher.next(to.state, char)
	at := s.matcher.nodes[to.state]
	to.starts = append(to.starts, start)
	if at.longest > 0 {
		s.addSpan(span{to.starts[len(to.starts)-int(at.longest)], start + 1})
	}
	to.starts = to.starts[len(to.starts)-int(at.depth):]
}

// addSpan adds a secret that ends after all others.
func (s *stream) addSpan(added span) {
	for n := len(s.spans); n > 0 && added.start < s.spans[n-1].end; n = len(s.spans) {
		added.start = min(added.start, s.spans[n-1].start)
		s.spans = s.spans[:n-1]
	}
	s.spans = append(s.spans, added)
}

// flush returns the text, redacted, up to where a secret may begin.
func (s *stream) flush(last bool) []byte {
	end := s.scanned
	if last {
		s.restart()
	} else {
		for _, search := range []search{s.spaced, s.joined, s.raw} {
			if len(search.starts) > 0 {
				end = min(end, search.starts[0])
			}
		}
	}
	var clean []byte
	from := max(s.base, min(s.replacedEnd, end))
	decided := 0
	for _, secret := range s.spans {
		if secret.start >= end {
			break
		}
		decided++
		if secret.start >= s.replacedEnd {
			clean = append(clean, s.pending[from-s.base:secret.start-s.base]...)
			clean = append(clean, redacted...)
		}
		s.replacedEnd = max(s.replacedEnd, secret.end)
		from = min(s.replacedEnd, end)
	}
	clean = append(clean, s.pending[from-s.base:end-s.base]...)
	s.spans = slices.Delete(s.spans, 0, decided)
	s.pending = s.pending[end-s.base:]
	s.base = end
	return clean
}

const colour = `\x1b\[[0-9;:]*[A-Za-z]`

var (
	colourPattern = lazyregexp.New(colour)
	escapePattern = lazyregexp.New(`^` + colour)
)

// maxPrefix is the maximum length in bytes of a resource's name before a provisioner's output.
const maxPrefix = 512

// frameLen returns the length of what Terraform writes before each line of a message or of a
// provisioner's output; 0: nothing.
func frameLen(text []byte) int {
	for _, frame := range []string{"│", "╷", "╵"} {
		if bytes.HasPrefix(text, []byte(frame)) {
			return len(frame)
		}
	}
	line, _, _ := bytes.Cut(text[:min(len(text), maxPrefix)], []byte("\n"))
	for _, provisioner := range []string{" (local-exec): ", " (remote-exec): "} {
		if i := bytes.Index(line, []byte(provisioner)); i > 0 {
			return i + len(provisioner)
		}
	}
	return 0
}

// StripColours removes the sequences that set colours from Terraform's output.
func StripColours(text string) string { return colourPattern().ReplaceAllString(text, "") }
