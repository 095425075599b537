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

// Fingerprints recognises secret values without storing them: the sensitive outputs of
// other workspaces. When Terraform reads a state, it loses the mark that an output is
// sensitive.
type Fingerprints struct {
	Key  []byte   // the key given to Session.Outputs
	Sums []string // from Outputs.Sensitive
}

func fingerprint(key []byte, value string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("sensitive\x00" + value)) // the prefix keeps it apart from outputs' digests
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// redactMatches redacts the values that have a known fingerprint.
func (s *Session) redactMatches(values ...string) {
	if len(s.sensitive) == 0 {
		return
	}
	for _, value := range values {
		if s.sensitive[fingerprint(s.spec.Sensitive.Key, value)] {
			s.log.addSecrets(value)
		}
	}
}

// valuesRead returns the strings that a plan has read or will produce.
func valuesRead(plan *tfjson.Plan) []string {
	var all []string
	if plan.PriorState != nil && plan.PriorState.Values != nil {
		all = append(all, moduleValues(plan.PriorState.Values.RootModule)...)
	}
	if plan.PlannedValues != nil {
		all = append(all, moduleValues(plan.PlannedValues.RootModule)...)
	}
	return all
}

func moduleValues(m *tfjson.StateModule) []string {
	if m == nil {
		return nil
	}
	var all []string
	for _, r := range m.Resources {
		for _, value := range r.AttributeValues {
			all = append(all, jsonStrings(value)...)
		}
	}
	for _, child := range m.ChildModules {
		all = append(all, moduleValues(child)...)
	}
	return all
}

// lineRedactor forwards whole lines to the log and redacts what it recognises. An apply
// can read values that no plan shows, if the read was deferred. Whole lines keep stdout
// and stderr from splitting each other's secrets; a line that is too long is omitted.
type lineRedactor struct {
	session      *Session
	partialLine  []byte // the beginning of a line
	omittedBytes int    // bytes of an omitted line
}

func (l *lineRedactor) Write(p []byte) (int, error) {
	n := len(p)
	if l.omittedBytes > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			l.omittedBytes += n
			return n, nil
		}
		l.omittedBytes += end
		l.flush()
		p = p[end+1:]
	}
	l.partialLine = append(l.partialLine, p...)
	if end := bytes.LastIndexByte(l.partialLine, '\n') + 1; end > 0 {
		l.forward(l.partialLine[:end])
		l.partialLine = bytes.Clone(l.partialLine[end:])
	}
	if len(l.partialLine) > maxLine {
		l.omittedBytes, l.partialLine = len(l.partialLine), nil
	}
	return n, nil
}

// flush forwards the last line, which has no newline.
func (l *lineRedactor) flush() {
	l.forward(l.partialLine)
	if l.omittedBytes > 0 {
		l.forward(fmt.Appendf(nil, "[a line of %d bytes omitted]\n", l.omittedBytes))
	}
	l.partialLine, l.omittedBytes = nil, 0
}

func (l *lineRedactor) forward(text []byte) {
	if len(l.session.sensitive) > 0 {
		l.session.redactMatches(tokens(text)...)
	}
	_, _ = l.session.log.Write(text) // the redactor returns its error from Close
}

var tokenPattern = regexp.MustCompile(`[^\s"'\x60]+`)

// tokens returns the lines, quoted strings and words of Terraform's output. It is used
// when no plan shows which values were read.
func tokens(text []byte) []string {
	var all []string
	for line := range bytes.Lines(colourPattern.ReplaceAll(text, nil)) {
		line = bytes.TrimSpace(bytes.TrimLeft(line, "│ "))
		all = append(all, string(line))
		for _, part := range bytes.Split(line, []byte{'"'}) {
			all = append(all, string(part))
		}
		for _, word := range tokenPattern.FindAll(line, -1) {
			all = append(all, string(word), string(bytes.TrimRight(word, ".,:;)")))
		}
	}
	return all
}
