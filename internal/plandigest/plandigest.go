// Package plandigest has the digest of a plan, and what the digest is of in the form that
// the record keeps. Terraform's sessions, the record and the commands pass both on, so it
// lies below them all.
package plandigest

import "strings"

// Digest identifies what a plan changes: "2:KEYID:HEX", the keyed hash of the difference
// under the digest key KEYID. "" is the digest of a plan that changes nothing. Digests of
// the version before have no colon, and equal none of these. It is encoded like the string
// that it is.
type Digest string

// AbbrevLength is how many digits people see and type: 64 bits of a keyed hash, which
// nobody without the key can aim at.
const AbbrevLength = 16

// current is the version of the digests that New makes.
const current = "2"

// New returns the digest with a hash that was made under a key.
func New(keyID, hexadecimal string) Digest {
	return Digest(current + ":" + keyID + ":" + hexadecimal)
}

// Abbrev returns the digits that are shown to people.
func (d Digest) Abbrev() string {
	digits := d.Digits()
	return digits[:min(len(digits), AbbrevLength)]
}

// IsCurrent reports whether this version makes digests like d. An approval of another one
// says nothing about a plan of this version.
func (d Digest) IsCurrent() bool { return strings.HasPrefix(string(d), current+":") }

// Digits returns the hash in hexadecimal.
func (d Digest) Digits() string { return string(d[strings.LastIndexByte(string(d), ':')+1:]) }

// Parse returns text if it can be a digest of this version or an earlier one, else "".
func Parse(text string) Digest {
	const maxLength = 200
	d := Digest(text)
	prefix := strings.TrimSuffix(text, d.Digits())
	if len(text) > maxLength || strings.Trim(d.Digits(), "0123456789abcdef") != "" || strings.Trim(prefix, "0123456789abcdefghijklmnopqrstuvwxyz:") != "" {
		return ""
	}
	return d
}
