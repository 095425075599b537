package state

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of texts for people in an item: Terraform can say megabytes.
const (
	maxText    = 16 << 10
	maxReasons = 100
)

// clip cuts the middle out of a text that is too long to be recorded.
func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	cut := len(text) - maxText
	return strings.ToValidUTF8(fmt.Sprintf("%s\n… (%d bytes are left out) …\n%s", text[:maxText/2], cut, text[len(text)-maxText/2:]), "")
}

// clipList cuts the end off a list that is too long to be recorded.
func clipList(list []string) []string {
	if len(list) > maxReasons {
		more := fmt.Sprintf("and %d more", len(list)-maxReasons)
		list = append(slices.Clone(list[:maxReasons]), more)
	}
	for i, text := range list {
		if len(text) > maxText/8 {
			list = slices.Clone(list)
			list[i] = clip(text)
		}
	}
	return list
}

func (w RunWorkspace) clipped() RunWorkspace {
	w.Error, w.Stale = clip(w.Error), clipList(w.Stale)
	return w
}
