package state

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// scanner reads JSON as encoding/json writes it, four times as fast as that
// reads it: what is recorded of a thousand workspaces is most of what
// `changed` must read. It gives up (bad) at anything unusual, such as space
// or an escape, which is then left to encoding/json.
type scanner struct {
	text string // what is left; all strings read are parts of it
	bad  bool
}

func newScanner(data []byte) *scanner {
	for _, c := range data {
		if c < ' ' || c == '\\' {
			return &scanner{bad: true}
		}
	}
	return &scanner{text: string(data), bad: !utf8.Valid(data)}
}

// complete tells whether all was read and understood.
func (s *scanner) complete() bool { return !s.bad && s.text == "" }

// take skips what must come next.
func (s *scanner) take(want string) {
	rest, ok := strings.CutPrefix(s.text, want)
	s.text, s.bad = rest, s.bad || !ok
}

// next skips want if it comes next, and tells whether it did.
func (s *scanner) next(want string) bool {
	rest, ok := strings.CutPrefix(s.text, want)
	s.text = rest
	return ok
}

// object has read read the value of each field.
func (s *scanner) object(read func(name string)) {
	s.take("{")
	if s.next("}") {
		return
	}
	for !s.bad {
		name := s.string()
		s.take(":")
		read(name)
		if s.next("}") {
			return
		}
		s.take(",")
	}
}

func (s *scanner) string() string {
	s.take(`"`)
	value, rest, ok := strings.Cut(s.text, `"`)
	s.text, s.bad = rest, s.bad || !ok
	return value
}

func (s *scanner) int() int64 {
	negative := s.next("-")
	digits := 0
	var n int64
	for ; digits < len(s.text) && '0' <= s.text[digits] && s.text[digits] <= '9'; digits++ {
		n = n*10 + int64(s.text[digits]-'0')
	}
	// Longer ones may not fit, and a leading zero is not JSON.
	s.bad = s.bad || digits == 0 || digits > 18 || digits > 1 && s.text[0] == '0'
	s.text = s.text[digits:]
	if negative {
		return -n
	}
	return n
}

func (s *scanner) bool() bool {
	if s.next("true") {
		return true
	}
	s.take("false")
	return false
}

func (s *scanner) strings() []string {
	list := []string{}
	s.take("[")
	if s.next("]") {
		return list
	}
	for !s.bad {
		list = append(list, s.string())
		if s.next("]") {
			break
		}
		s.take(",")
	}
	return list
}

// trace adds to t, which may be nil.
func (s *scanner) trace(t Trace) Trace {
	if t == nil {
		end := strings.IndexByte(s.text, '}')
		t = make(Trace, strings.Count(s.text[:max(end, 0)], ",")+1)
	}
	s.object(func(name string) { t[name] = s.string() })
	return t
}

func (s *scanner) time() (t time.Time) {
	text := s.string()
	s.bad = s.bad || t.UnmarshalText([]byte(text)) != nil
	return t
}

// value leaves a value of strings, numbers and objects to encoding/json.
func (s *scanner) value(v any) {
	decoder := json.NewDecoder(strings.NewReader(s.text))
	if s.bad || decoder.Decode(v) != nil {
		s.bad = true
		return
	}
	s.text = s.text[decoder.InputOffset():]
}
