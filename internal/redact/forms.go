package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
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

var percentPattern = regexp.MustCompile(`%[0-9A-F]{2}`)

// urlForms returns the secret as a part of a URL.
func urlForms(secret string) []string {
	query := url.QueryEscape(secret)
	all := []string{
		query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(secret),
		strings.TrimPrefix(url.UserPassword("", secret).String(), ":"),
	}
	// JavaScript's encodeURIComponent leaves these.
	all = append(all, strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(all[1]))
	for _, form := range all {
		all = append(all, percentPattern.ReplaceAllStringFunc(form, strings.ToLower))
	}
	return all
}

// base64Forms returns base64 of the secret alone, also as `echo` passes it on.
func base64Forms(secret string) []string {
	var all []string
	for _, text := range []string{secret, secret + "\n"} {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			padded := encoding.EncodeToString([]byte(text))
			all = append(all, padded, strings.TrimRight(padded, "="))
		}
	}
	return all
}
