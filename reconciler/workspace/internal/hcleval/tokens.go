package hcleval

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// MaxTokens is the maximum of CountTokens for a file, and for a workspace with its modules:
// the syntax tree takes up to 400 bytes for each token.
const MaxTokens = 1 << 20

// CountTokens returns a number of words and signs that no parser of text exceeds by much. It
// counts those in strings and comments, too.
func CountTokens(text []byte) int {
	count, inWord := 0, false
	for i := 0; i < len(text); {
		c, size := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRune(text[i:])
		}
		i += size
		switch {
		case isWordRune(c):
			if !inWord {
				count++
			}
			inWord = true
		case c == ' ', c == '\t', c == '\r':
			inWord = false
		default:
			count++
			inWord = false
		}
	}
	return count
}

func isWordRune(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c >= utf8.RuneSelf && unicode.IsLetter(c)
}

// checkTokenCount returns the problem of a file with too many tokens, or nil.
func checkTokenCount(p string, text []byte) *Problem {
	if len(text) <= MaxTokens || CountTokens(text) <= MaxTokens {
		return nil
	}
	return &Problem{File: p, Text: fmt.Sprintf("the file has more than %d words and signs, which is the limit: move large data out of it", MaxTokens)}
}
