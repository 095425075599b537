package source

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gittest"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"golang.org/x/crypto/ssh"
)

func fetchHead(t *testing.T, repo *gittest.Repo) *Commit {
	t.Helper()
	return fetch(t, openRepository(t, Options{URL: repo.Work}), commitid.ID(repo.Git("rev-parse", "HEAD")))
}

func TestVerifySSH(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	dir := t.TempDir()
	key := gittest.NewKey(t, filepath.Join(dir, "key"))
	other := gittest.NewKey(t, filepath.Join(dir, "other"))
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	repo.Git("config", "gpg.format", "ssh")
	repo.Git("config", "user.signingKey", filepath.Join(dir, "key"))
	repo.Git("commit", "-q", "--allow-empty", "-S", "-m", "signed\n\nwith a body\n")
	signed := fetchHead(t, repo)
	tests := []struct {
		name, signers string
		ok            bool
	}{
		{"allowed", "ann@example.com " + line, true},
		{"among others", "# who may\n\nbob@example.com " + string(ssh.MarshalAuthorizedKey(other)) + "ann@example.com " + line + "\n", true},
		{"for git", `ann@example.com namespaces="file,git" ` + line, true},
		{"in time", `ann@example.com valid-after="20250101Z",valid-before="20270101Z" ` + line, true},
		{"nobody", "", false},
		{"another", "ann@example.com " + string(ssh.MarshalAuthorizedKey(other)), false},
		{"for something else", `ann@example.com namespaces="file" ` + line, false},
		{"too late", `ann@example.com valid-before="20250101Z" ` + line, false},
		{"too early", `ann@example.com valid-after="20270101000000Z" ` + line, false},
		{"authority", "ann@example.com cert-authority " + line, false},
	}
	for _, test := range tests {
		err := signed.Verify(Signers{AllowedSigners: []byte(test.signers)})
		if test.ok && err != nil || !test.ok && !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	for _, wrong := range []string{"ann@example.com not-a-key", `ann@example.com sudo="yes" ` + line, `ann@example.com valid-after="soon" ` + line} {
		if err := signed.Verify(Signers{AllowedSigners: []byte(wrong)}); err == nil || errors.Is(err, ErrSignature) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	ann := Signers{AllowedSigners: []byte("ann@example.com " + line)}
	signed.raw = bytes.Replace(signed.raw, []byte("with a body"), []byte("with a bomb"), 1)
	if err := signed.Verify(ann); !errors.Is(err, ErrSignature) {
		t.Errorf("changed: %v", err)
	}
	repo.Commit("unsigned", map[string]string{"a": "1"})
	if err := fetchHead(t, repo).Verify(ann); !errors.Is(err, ErrSignature) {
		t.Errorf("unsigned: %v", err)
	}
}

func TestVerifyPGP(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.Commit("unsigned", map[string]string{"a": "1"})
	commit := fetchHead(t, repo)
	ann, bob := newEntity(t), newEntity(t)
	var signature bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&signature, ann, bytes.NewReader(commit.raw), nil); err != nil {
		t.Fatal(err)
	}
	header := "gpgsig " + strings.ReplaceAll(strings.TrimSpace(signature.String()), "\n", "\n ")
	file := filepath.Join(t.TempDir(), "commit")
	writeFile(t, file, strings.Replace(string(commit.raw), "\n\n", "\n"+header+"\n\n", 1))
	signed := fetch(t, openRepository(t, Options{URL: repo.Work}), commitid.ID(repo.Git("hash-object", "-t", "commit", "-w", file)))
	if err := signed.Verify(Signers{Keyring: publicKey(t, ann)}); err != nil {
		t.Error(err)
	}
	for name, keyring := range map[string][]byte{"another": publicKey(t, bob), "nobody": nil} {
		if err := signed.Verify(Signers{Keyring: keyring}); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := signed.Verify(Signers{Keyring: []byte("no key")}); err == nil || errors.Is(err, ErrSignature) {
		t.Errorf("no key: %v", err)
	}
}

func newEntity(t *testing.T) *openpgp.Entity {
	t.Helper()
	entity, err := openpgp.NewEntity("Ann", "", "ann@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	return entity
}

func publicKey(t *testing.T, entity *openpgp.Entity) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
	if err == nil {
		err = errors.Join(entity.Serialize(w), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzSplitSignature(f *testing.F) {
	f.Add([]byte("tree x\ngpgsig -----BEGIN\n more\n end\nother y\n\nmessage"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		payload, signature := splitSignature(raw)
		if len(payload)+len(signature) > len(raw)+3 {
			t.Errorf("%d and %d bytes from %d", len(payload), len(signature), len(raw))
		}
	})
}
