package workspace

// maxDepth is how deep an expression may nest. The parser calls itself for
// each level, and a stack that overflows ends the process: no recover helps,
// and all workspaces would stop for one file.
const maxDepth = 50_000

// isTooDeep tells whether text could nest deeper than maxDepth: by brackets, or
// by a chain of operators. It guesses high, since it knows no strings or
// comments.
func isTooDeep(text []byte) bool {
	open, operators := 0, 0
	var last byte // but for spaces, on this line or before
	isNewLine := false
	for _, c := range text {
		if c == ' ' || c == '\t' || c == '\r' {
			continue
		}
		if c == '\n' {
			isNewLine = true
			continue
		}
		if isNewLine && !isOperator(last) && !isOperator(c) {
			operators = 0
		}
		isNewLine, last = false, c
		switch c {
		case '(', '{', '[':
			open++
		case ')', '}', ']':
			open = max(open-1, 0)
		}
		if isOperator(c) {
			operators++
		}
		if open > maxDepth || operators > maxDepth {
			return true
		}
	}
	return false
}

// isOperator tells whether c makes an expression of what stands before or
// after it.
func isOperator(c byte) bool {
	switch c {
	case '?', ':', '+', '-', '*', '/', '%', '&', '|', '!', '<', '>', '.', '[':
		return true
	}
	return false
}

// isJSONTooDeep is isTooDeep for JSON, where only brackets nest.
func isJSONTooDeep(text []byte) bool {
	open := 0
	for _, c := range text {
		switch c {
		case '{', '[':
			if open++; open > maxDepth {
				return true
			}
		case '}', ']':
			open = max(open-1, 0)
		}
	}
	return false
}
