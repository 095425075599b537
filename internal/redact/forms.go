package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// minSecret is the minimum length of a secret in characters; a shorter secret would redact half
// of any text. Terraform hides it at the places that it marks.
const minSecret = 4

// maxEncoded is the maximum length in bytes of a secret that is also searched for in encodings
// that programs use for passwords and keys.
const maxEncoded = 64 << 10

// forms returns the texts that show a secret: itself, each of its lines, and its encodings.
func forms(secret string) []string {
	switch {
	case utf8.RuneCountInString(strings.TrimSpace(secret)) < minSecret:
		return nil
	case secret == "true", secret == "false", secret == "null":
		return nil // one of two words says nothing, and is in any text
	}
	all := append(strings.Split(secret, "\n"), secret)
	all = append(all, quotedForms(secret)...)
	if len(secret) <= maxEncoded {
		all = append(all, urlForms(secret)...)
		all = append(all, base64Forms(secret)...)
	}
	return all
}

// quotedForms returns the secret inside a quoted string of JSON and of Terraform's language.
func quotedForms(secret string) []string {
	marshaled, _ := json.Marshal(secret)
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(secret)
	unquote := func(text string) string { return strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`) }
	quoted := unquote(strings.TrimSpace(plain.String()))
	ascii := toASCII(quoted)
	return []string{
		unquote(string(marshaled)), quoted, ascii, strings.ReplaceAll(quoted, "/", `\/`), strings.ReplaceAll(ascii, "/", `\/`),
		strings.NewReplacer("${", "$${", "%{", "%%{").Replace(quoted),
	}
}

// toASCII returns a quoted string as Python's and PHP's JSON writes it, in ASCII alone.
func toASCII(quoted string) string {
	var b strings.Builder
	for _, char := range quoted {
		if char < utf8.RuneSelf {
			b.WriteRune(char)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, char) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// keptInURLs are the characters, beside letters, digits and "-._~", that programs leave as they
// are in a part of a URL.
var keptInURLs = []string{
	"",                   // RFC 3986, of nothing but data: PHP's rawurlencode, Go's QueryEscape
	"/",                  // Python's quote
	"*",                  // Java's URLEncoder, forms of HTML
	"!'()*",              // JavaScript's encodeURIComponent
	"!#$&'()*+,/:;=?@",   // JavaScript's encodeURI
	"$&+:=@",             // Go's PathEscape
	"$&+,/:;=@",          // Go's paths
	"$&+,;=",             // Go's user information
	"!$&'()*+,/:;=@",     // RFC 3986, a path
	"!$&'()*+,/:;=?@[]|", // what HTTP clients send of a query
}

// urlForms returns the secret as a part of a URL.
func urlForms(secret string) []string {
	forms := map[string]bool{}
	for _, kept := range keptInURLs {
		for _, space := range []string{"%20", "+"} {
			for _, digits := range []string{"0123456789ABCDEF", "0123456789abcdef"} {
				forms[percentEncode(secret, "-._~"+kept, space, digits)] = true
				if len(kept) < 2 { // older programs encode "~", too
					forms[percentEncode(secret, "-._"+kept, space, digits)] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(forms))
}

// percentEncode replaces each byte but letters, digits and what is kept.
func percentEncode(text, kept, space, digits string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(kept, c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteString(space)
		default:
			b.WriteString("%")
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

// base64Forms returns base64 of the secret alone, also as `echo` passes it on, and within another text.
func base64Forms(secret string) []string {
	var all []string
	for _, text := range []string{secret, secret + "\n"} {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			padded := encoding.EncodeToString([]byte(text))
			all = append(all, padded, strings.TrimRight(padded, "="))
		}
	}
	if len(secret) > maxWithin {
		return all
	}
	for before := range 3 {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			if within := base64Within(secret, before, encoding); len(within) >= minWithin {
				all = append(all, within)
			}
		}
	}
	return all
}

const (
	// maxWithin is the maximum length in bytes of a secret that is also searched for within a longer
	// text in base64: a password or a token.
	maxWithin = 4 << 10
	// minWithin is the minimum number of its characters there, so that they are in no other text.
	minWithin = 8
)

// base64Within returns the characters that a secret has in base64 of a longer text, such as
// "user:password" in a header, whatever else is in that. They depend on how many bytes are before
// it, modulo three.
func base64Within(secret string, before int, encoding *base64.Encoding) string {
	const bits = 6 // of a character
	text := encoding.EncodeToString([]byte(strings.Repeat("\x00", before) + secret + "\x00\x00"))
	return text[(8*before+bits-1)/bits : 8*(before+len(secret))/bits]
}
