package hcleval

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Limits of nesting. The parser recurses at each level, and a stack overflow ends the
// process: recover cannot stop it, and one file would stop all workspaces.
const (
	maxDepth    = 50_000 // operators and brackets: 1 KB of stack each
	maxBrackets = 5000   // one in another: 13 KB each, for each workspace that is loaded at once
)

// isTooDeep reports whether text nests deeper than the limits, by brackets or by chains of
// operators. lex is hclsyntax.LexConfig, or its sibling for what the text is. A text that it
// does not accept counts as too deep: the parser could follow it further.
func isTooDeep(text []byte, lex lexer) bool {
	if !mayBeTooDeep(text) {
		return false
	}
	tokens, diags := lex(text, "", hcl.InitialPos)
	return diags.HasErrors() || areTooDeep(tokens)
}

type lexer = func(text []byte, file string, start hcl.Pos) (hclsyntax.Tokens, hcl.Diagnostics)

// areTooDeep reports whether tokens nest deeper than the limits. A comma ends the chain of
// operators of its own level. So does the end of a line outside of parentheses.
func areTooDeep(tokens hclsyntax.Tokens) bool {
	levels := []level{{opener: hclsyntax.TokenOBrace}}
	depth := 0 // all operators of the open levels, and their brackets
	for _, token := range tokens {
		own := &levels[len(levels)-1].operators
		switch token.Type {
		case hclsyntax.TokenOParen, hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc,
			hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			if token.Type == hclsyntax.TokenOBrack { // an index is part of a chain, too
				*own, depth = *own+1, depth+1
			}
			levels, depth = append(levels, level{opener: token.Type}), depth+1
		case hclsyntax.TokenCParen, hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			if len(levels) > 1 {
				depth -= *own + 1
				levels = levels[:len(levels)-1]
			}
		case hclsyntax.TokenComma:
			*own, depth = 0, depth-*own
		case hclsyntax.TokenNewline:
			if levels[len(levels)-1].opener == hclsyntax.TokenOBrace {
				*own, depth = 0, depth-*own
			}
		default:
			if isOperatorToken(token.Type) {
				*own, depth = *own+1, depth+1
			}
		}
		if depth > maxDepth || len(levels) > maxBrackets {
			return true
		}
	}
	return false
}

// level is an open bracket, quote or template sequence.
type level struct {
	opener    hclsyntax.TokenType
	operators int // of the expression that goes on
}

// isOperatorToken reports whether a token combines expressions into one.
func isOperatorToken(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenQuestion, hclsyntax.TokenColon, hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
		hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenBang, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan,
		hclsyntax.TokenGreaterThanEq, hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenDot, hclsyntax.TokenDoubleColon:
		return true
	}
	return false
}

// mayBeTooDeep reports whether text could nest deeper than the limits. It overestimates chains,
// because it does not parse strings or comments, but reads each byte once.
func mayBeTooDeep(text []byte) bool {
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
		if open >= maxBrackets || operators > maxDepth {
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

// isJSONTooDeep does what isTooDeep does, for JSON, where only brackets nest.
func isJSONTooDeep(text []byte) bool {
	open := 0
	for _, c := range text {
		switch c {
		case '{', '[':
			if open++; open > maxBrackets {
				return true
			}
		case '}', ']':
			open = max(open-1, 0)
		}
	}
	return false
}
