package webhook

import (
	"encoding/json"
	"strconv"
)

// text and number are fields that Backlog gives as a string, a number or
// null: a value of another kind, or longer than any name, is as good as none.
type (
	text   string
	number int64
)

// longest is more bytes than a name has.
const longest = 1000

func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		var n json.Number
		_ = json.Unmarshal(data, &n) // anything else leaves it empty
		s = n.String()
	}
	if len(s) <= longest {
		*t = text(s)
	}
	return nil
}

func (n *number) UnmarshalJSON(data []byte) error {
	var t text
	_ = t.UnmarshalJSON(data) // has no error
	value, err := strconv.ParseInt(string(t), 10, 64)
	if err == nil {
		*n = number(value)
	}
	return nil
}
