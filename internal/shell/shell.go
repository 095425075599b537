// Package shell quotes what stands in commands that people copy: a name of a workspace is that of a
// directory, which anybody chooses who opens a pull request.
package shell

import "strings"

// plain are the characters that no shell gives a meaning to.
const plain = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_./@:+-"

// Quote returns a text as one word of a shell. One that begins with a dash follows "--", so that it
// is no option.
func Quote(text string) string {
	if strings.HasPrefix(text, "-") {
		return "-- " + quote(text)
	}
	return quote(text)
}

func quote(text string) string {
	if text != "" && strings.Trim(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// Join returns texts as words of a shell.
func Join(texts []string) string {
	words := make([]string, len(texts))
	for i, text := range texts {
		words[i] = Quote(text)
	}
	return strings.Join(words, " ")
}
