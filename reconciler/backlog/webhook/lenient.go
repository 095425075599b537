package webhook

import (
	"encoding/json"
	"strconv"
)

// lenientText and number are fields that Backlog gives as a string, a number or
// null: a value of another kind, or longer than any name, is as good as none.
type (
	lenientText   string
	lenientNumber int64
)

// maxTextLength is more bytes than a name has.
const maxTextLength = 1000

func (t *lenientText) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		var n json.Number
		_ = json.Unmarshal(data, &n) // anything else leaves it empty
		s = n.String()
	}
	if len(s) <= maxTextLength {
		*t = lenientText(s)
	}
	return nil
}

func (n *lenientNumber) UnmarshalJSON(data []byte) error {
	var t lenientText
	_ = t.UnmarshalJSON(data) // has no error
	value, err := strconv.ParseInt(string(t), 10, 64)
	if err == nil {
		*n = lenientNumber(value)
	}
	return nil
}
