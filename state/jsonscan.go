package state

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// jsonScanner reads JSON as encoding/json writes it, four times as fast as encoding/json
// reads it. What is recorded of a thousand workspaces is most of what `changed` must
// read. At anything unusual, such as a space or an escape, it gives up and leaves the
// text to encoding/json.
type jsonScanner struct {
	rest   string // unread text; all strings read are parts of it
	gaveUp bool
}

func newJSONScanner(data []byte) *jsonScanner {
	for _, c := range data {
		if c < ' ' || c == '\\' {
			return &jsonScanner{gaveUp: true}
		}
	}
	return &jsonScanner{rest: string(data), gaveUp: !utf8.Valid(data)}
}

// isComplete reports whether all of the text was read and understood.
func (s *jsonScanner) isComplete() bool { return !s.gaveUp && s.rest == "" }

// expect skips want, which must come next.
func (s *jsonScanner) expect(want string) {
	rest, ok := strings.CutPrefix(s.rest, want)
	s.rest, s.gaveUp = rest, s.gaveUp || !ok
}

// accept skips want if it comes next, and reports whether it did.
func (s *jsonScanner) accept(want string) bool {
	rest, ok := strings.CutPrefix(s.rest, want)
	s.rest = rest
	return ok
}

// object calls read for each field; read must read the field's value.
func (s *jsonScanner) object(read func(name string)) {
	s.expect("{")
	if s.accept("}") {
		return
	}
	for !s.gaveUp {
		name := s.string()
		s.expect(":")
		read(name)
		if s.accept("}") {
			return
		}
		s.expect(",")
	}
}

func (s *jsonScanner) string() string {
	s.expect(`"`)
	value, rest, ok := strings.Cut(s.rest, `"`)
	s.rest, s.gaveUp = rest, s.gaveUp || !ok
	return value
}

func (s *jsonScanner) int() int64 {
	negative := s.accept("-")
	digits := 0
	var n int64
	for ; digits < len(s.rest) && '0' <= s.rest[digits] && s.rest[digits] <= '9'; digits++ {
		n = n*10 + int64(s.rest[digits]-'0')
	}
	// Longer numbers may not fit; a leading zero is not JSON.
	s.gaveUp = s.gaveUp || digits == 0 || digits > 18 || digits > 1 && s.rest[0] == '0'
	s.rest = s.rest[digits:]
	if negative {
		return -n
	}
	return n
}

func (s *jsonScanner) bool() bool {
	if s.accept("true") {
		return true
	}
	s.expect("false")
	return false
}

func (s *jsonScanner) strings() []string {
	list := []string{}
	s.expect("[")
	if s.accept("]") {
		return list
	}
	for !s.gaveUp {
		list = append(list, s.string())
		if s.accept("]") {
			break
		}
		s.expect(",")
	}
	return list
}

// trace adds the fields to t, which may be nil.
func (s *jsonScanner) trace(t Trace) Trace {
	if t == nil {
		end := strings.IndexByte(s.rest, '}')
		t = make(Trace, strings.Count(s.rest[:max(end, 0)], ",")+1)
	}
	s.object(func(name string) { t[name] = s.string() })
	return t
}

func (s *jsonScanner) time() (t time.Time) {
	text := s.string()
	s.gaveUp = s.gaveUp || t.UnmarshalText([]byte(text)) != nil
	return t
}

// value reads a value of strings, numbers and objects with encoding/json.
func (s *jsonScanner) value(v any) {
	decoder := json.NewDecoder(strings.NewReader(s.rest))
	if s.gaveUp || decoder.Decode(v) != nil {
		s.gaveUp = true
		return
	}
	s.rest = s.rest[decoder.InputOffset():]
}
