package source

import (
	"bytes"
	_ "crypto/sha512" // hash of SSH signatures
	"errors"
	"fmt"
	"strings"
	"time"

	"reconcile/reconciler/source/gitwire"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// ErrSignature means that the commit is not signed by one of the signers.
var ErrSignature = errors.New("no valid signature")

// Signers are the keys whose signature makes a commit trusted.
type Signers struct {
	// AllowedSigners is the content of a file in the format that ssh-keygen(1) describes
	// under ALLOWED SIGNERS. Lines for certificate authorities are ignored.
	AllowedSigners []byte
	// Keyring contains PGP public keys, armored.
	Keyring []byte
}

// sshNamespace is the namespace of Git's SSH signatures. It prevents the use of signatures
// made for other purposes.
const sshNamespace = "git"

// Verify checks that one of the signers signed the commit, with the SSH or PGP signature
// stored in it. The error is ErrSignature, or describes a problem with signers.
func (c *Commit) Verify(signers Signers) error {
	payload, signature := splitSignature(c.raw)
	refuse := func(text string, err error) error {
		return &gitwire.Error{Kind: ErrSignature, URL: "commit " + string(c.ID), Text: text, Err: err,
			Help: "sign the commit with an allowed key, or add its signer to the allowed signers"}
	}
	switch {
	case len(signature) == 0:
		return refuse("it is not signed", nil)
	case bytes.HasPrefix(signature, []byte("-----BEGIN SSH SIGNATURE-----")):
		keys, err := allowedKeys(signers.AllowedSigners, c.CommittedAt)
		if err != nil {
			return err
		}
		if err := verifySSH(payload, signature, keys); err != nil {
			return refuse("", err)
		}
		return nil
	case len(signers.Keyring) == 0:
		return refuse("it has a PGP signature, but no PGP keys are configured", nil)
	}
	ring, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(signers.Keyring))
	if err != nil {
		return fmt.Errorf("read the PGP keys of the allowed signers: %w", err)
	}
	if _, err := openpgp.CheckArmoredDetachedSignature(ring, bytes.NewReader(payload), bytes.NewReader(signature), nil); err != nil {
		return refuse("", err)
	}
	return nil
}

// splitSignature removes the signature from a commit in Git's own form; the rest is the
// signed payload. It works on the raw bytes, since decoding and encoding could change them.
func splitSignature(raw []byte) (payload, signature []byte) {
	head, message, _ := bytes.Cut(raw, []byte("\n\n"))
	header := ""
	for line := range bytes.Lines(append(bytes.Clone(head), '\n')) {
		if line[0] != ' ' {
			name, _, _ := bytes.Cut(line, []byte(" "))
			header = string(name)
			line = bytes.TrimPrefix(line, []byte("gpgsig "))
		} else if header == "gpgsig" {
			line = line[1:]
		}
		switch header {
		case "gpgsig":
			signature = append(signature, line...)
		case "gpgsig-sha256": // signature of the commit's SHA-256 form
		default:
			payload = append(payload, line...)
		}
	}
	payload = append(payload, '\n')
	return append(payload, message...), signature
}

func verifySSH(payload, armored []byte, keys []ssh.PublicKey) error {
	signature, err := sshsig.Unarmor(armored)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if bytes.Equal(key.Marshal(), signature.PublicKey.Marshal()) {
			return sshsig.Verify(bytes.NewReader(payload), signature, key, signature.HashAlgorithm, sshNamespace)
		}
	}
	return fmt.Errorf("it is signed with the key %s, which is not allowed", ssh.FingerprintSHA256(signature.PublicKey))
}

// allowedKeys returns the keys that may sign commits at that time.
func allowedKeys(file []byte, signTime time.Time) ([]ssh.PublicKey, error) {
	var keys []ssh.PublicKey
	n := 0
	for line := range strings.Lines(string(file)) {
		n++
		_, rest, _ := strings.Cut(strings.TrimSpace(line), " ") // skips the principals: the owners of the key
		if rest == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
		if err != nil {
			return nil, fmt.Errorf("line %d of the allowed signers: %w", n, err)
		}
		ok, err := isAllowed(options, signTime)
		if err != nil {
			return nil, fmt.Errorf("line %d of the allowed signers: %w", n, err)
		}
		if ok {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// isAllowed reports whether the options allow a key to sign commits at that time.
func isAllowed(options []string, signTime time.Time) (bool, error) {
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "cert-authority":
			return false, nil
		case "namespaces":
			if !strings.Contains(","+value+",", ","+sshNamespace+",") {
				return false, nil
			}
		case "valid-after", "valid-before":
			limit, err := parseTimestamp(value)
			if err != nil {
				return false, err
			}
			if name == "valid-after" && signTime.Before(limit) || name == "valid-before" && !signTime.Before(limit) {
				return false, nil
			}
		default:
			return false, fmt.Errorf("unknown option %q", name)
		}
	}
	return true, nil
}

// parseTimestamp parses YYYYMMDD[HHMM[SS]][Z]; without Z it is local time.
func parseTimestamp(text string) (time.Time, error) {
	const layout = "20060102150405"
	digits, utc := strings.CutSuffix(text, "Z")
	zone := time.Local
	if utc {
		zone = time.UTC
	}
	switch len(digits) {
	case 8, 12, 14:
		return time.ParseInLocation(layout[:len(digits)], digits, zone)
	}
	return time.Time{}, fmt.Errorf("time %q: write YYYYMMDD or YYYYMMDDHHMMSS", text)
}
