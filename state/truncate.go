package state

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of texts in an item: Terraform's messages can be megabytes long.
const (
	maxText    = 16 << 10
	maxReasons = 100
)

// truncate cuts the middle out of a text that is too long for the record.
func truncate(text string) string {
	if len(text) <= maxText {
		return text
	}
	omitted := len(text) - maxText
	return strings.ToValidUTF8(fmt.Sprintf("%s\n… (%d bytes omitted) …\n%s", text[:maxText/2], omitted, text[len(text)-maxText/2:]), "")
}

// truncateList cuts the end off a list that is too long for the record.
func truncateList(list []string) []string {
	if len(list) > maxReasons {
		more := fmt.Sprintf("and %d more", len(list)-maxReasons)
		list = append(slices.Clone(list[:maxReasons]), more)
	}
	for i, text := range list {
		if len(text) > maxText/8 {
			list = slices.Clone(list)
			list[i] = truncate(text)
		}
	}
	return list
}

func (w RunWorkspace) truncateTexts() RunWorkspace {
	w.Error, w.StaleReasons = truncate(w.Error), truncateList(w.StaleReasons)
	return w
}
