package webhook

import (
	"encoding/json"
	"strconv"
)

// Fields that Backlog sends as a string, a number or null. A value of another kind, or a value
// longer than any name, counts as empty.
type (
	lenientText   string
	lenientNumber int64
)

// maxTextLength is longer than any name, in bytes.
const maxTextLength = 1000

func (t *lenientText) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		var n json.Number
		_ = json.Unmarshal(data, &n) // any other value leaves it empty
		s = n.String()
	}
	if len(s) <= maxTextLength {
		*t = lenientText(s)
	}
	return nil
}

func (n *lenientNumber) UnmarshalJSON(data []byte) error {
	var t lenientText
	_ = t.UnmarshalJSON(data) // never fails
	value, err := strconv.ParseInt(string(t), 10, 64)
	if err == nil {
		*n = lenientNumber(value)
	}
	return nil
}
