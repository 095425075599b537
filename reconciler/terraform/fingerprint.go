package terraform

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"

	tfjson "github.com/hashicorp/terraform-json"
)

// Fingerprints recognise values that must not be printed, without holding
// them: those that other workspaces' sensitive outputs have. Terraform itself
// forgets, where a state is read, that an output was sensitive.
type Fingerprints struct {
	Key  []byte   // that Session.Outputs was given
	Sums []string // Outputs.Sensitive
}

func fingerprint(key []byte, value string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("sensitive\x00" + value)) // not the digest of any outputs
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// recognise hides those of the values that have a known fingerprint.
func (s *Session) recognise(values ...string) {
	if len(s.sensitive) == 0 {
		return
	}
	for _, value := range values {
		if s.sensitive[fingerprint(s.job.Sensitive.Key, value)] {
			s.log.hide(value)
		}
	}
}

// readIn are the strings in what a plan has read and would make.
func readIn(plan *tfjson.Plan) []string {
	var all []string
	if plan.PriorState != nil && plan.PriorState.Values != nil {
		all = append(all, readInModule(plan.PriorState.Values.RootModule)...)
	}
	if plan.PlannedValues != nil {
		all = append(all, readInModule(plan.PlannedValues.RootModule)...)
	}
	return all
}

func readInModule(m *tfjson.StateModule) []string {
	if m == nil {
		return nil
	}
	var all []string
	for _, r := range m.Resources {
		for _, value := range r.AttributeValues {
			all = append(all, stringsIn(value)...)
		}
	}
	for _, child := range m.ChildModules {
		all = append(all, readInModule(child)...)
	}
	return all
}

// lines passes whole lines on to the log, with what is recognised in them
// hidden: what an apply reads is in no plan where it was deferred. They are
// whole also so that stdout and stderr do not tear each other's secrets apart,
// unrecognised; one that is too long to look in is left out.
type lines struct {
	s    *Session
	held []byte // the beginning of a line
	left int    // bytes of a line that is left out
}

func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	if l.left > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			l.left += n
			return n, nil
		}
		l.left += end
		l.end()
		p = p[end+1:]
	}
	l.held = append(l.held, p...)
	if end := bytes.LastIndexByte(l.held, '\n') + 1; end > 0 {
		l.pass(l.held[:end])
		l.held = bytes.Clone(l.held[end:])
	}
	if len(l.held) > maxLine {
		l.left, l.held = len(l.held), nil
	}
	return n, nil
}

// end passes on the last line, which has no end of its own.
func (l *lines) end() {
	l.pass(l.held)
	if l.left > 0 {
		l.pass(fmt.Appendf(nil, "[a line of %d bytes left out]\n", l.left))
	}
	l.held, l.left = nil, 0
}

func (l *lines) pass(text []byte) {
	if len(l.s.sensitive) > 0 {
		l.s.recognise(wordsOf(text)...)
	}
	_, _ = l.s.log.Write(text) // it keeps its error for Close
}

var words = regexp.MustCompile(`[^\s"'\x60]+`)

// wordsOf are the lines, quoted strings and words of what Terraform said, where
// there is no plan to tell what was read.
func wordsOf(text []byte) []string {
	var all []string
	for line := range bytes.Lines(colours.ReplaceAll(text, nil)) {
		line = bytes.TrimSpace(bytes.TrimLeft(line, "│ "))
		all = append(all, string(line))
		for _, part := range bytes.Split(line, []byte{'"'}) {
			all = append(all, string(part))
		}
		for _, word := range words.FindAll(line, -1) {
			all = append(all, string(word), string(bytes.TrimRight(word, ".,:;)")))
		}
	}
	return all
}
