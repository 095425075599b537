package hcleval

// maxDepth is the maximum nesting of an expression. The parser recurses at each level, and
// a stack overflow ends the process: recover cannot stop it, and one file would stop all
// workspaces.
const maxDepth = 50_000

// isTooDeep reports whether text could nest deeper than maxDepth, by brackets or by a chain
// of operators. It overestimates, because it does not parse strings or comments.
func isTooDeep(text []byte) bool {
	open, operators := 0, 0
	var last byte // not a space; may be on an earlier line
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

// isOperator reports whether c combines the text before or after it into an expression.
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
