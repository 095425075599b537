package gitwire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"reconcile/reconciler/source/gittest"
)

const (
	someID  = "0123456789012345678901234567890123456789"
	otherID = "abcdefabcdefabcdefabcdefabcdefabcdefabcd"
)

// joinPkts joins data lines; "flush" and "delim" become those packets.
func joinPkts(lines ...string) string {
	var b []byte
	for _, line := range lines {
		switch line {
		case "flush":
			b = append(b, "0000"...)
		case "delim":
			b = append(b, "0001"...)
		default:
			b = appendPkt(b, line)
		}
	}
	return string(b)
}

func TestReadLsRefs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer string
		refs         int
		err          error
	}{
		{"one", joinPkts(someID+" refs/heads/main\n", "flush"), 1, nil},
		{"attributes", joinPkts(someID+" refs/heads/main symref-target:x peeled:y\n", "flush"), 1, nil},
		{"none", joinPkts("flush"), 0, nil},
		{"what follows the flush is not ours", joinPkts("flush") + "junk", 0, nil},
		{"empty: version 0", "", 0, errNotV2},
		{"no flush", joinPkts(someID + " refs/heads/main\n"), 1, io.ErrUnexpectedEOF},
		{"cut in a line", joinPkts(someID + " refs/heads/main\n")[:30], 0, io.ErrUnexpectedEOF},
		{"cut in a length", "00", 0, io.ErrUnexpectedEOF},
		{"a web page", "<html>log in</html>", 0, errMalformedPkt},
		{"a delimiter", joinPkts("delim"), 0, errMalformedPkt},
		{"no ref", joinPkts("hello\n", "flush"), 0, errMalformedRef},
		{"short id", joinPkts(someID[1:]+" refs/heads/main\n", "flush"), 0, errMalformedRef},
		{"no name", joinPkts(someID+" \n", "flush"), 0, errMalformedRef},
		{"length of 3", "0003", 0, errMalformedPkt},
		{"length too large", "fff1", 0, errMalformedPkt},
	}
	for _, test := range tests {
		refs := 0
		err := readLsRefs(strings.NewReader(test.answer), func(ref) { refs++ })
		if !errors.Is(err, test.err) || refs != test.refs {
			t.Errorf("%s: %d refs, %v; want %d, %v", test.name, refs, err, test.refs, test.err)
		}
	}
	var said *remoteError
	err := readLsRefs(strings.NewReader(joinPkts("ERR go \x1b[31maway\n")), func(ref) {})
	if !errors.As(err, &said) || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("an ERR line: %v", err)
	}
}

func TestReadAdvertisement(t *testing.T) {
	t.Parallel()
	all := joinPkts(someID+" HEAD\x00multi_ack symref=HEAD:refs/heads/main\n", someID+" refs/heads/a\n", otherID+" refs/heads/main\n", someID+" refs/tags/v1\n", "flush")
	var names []string
	if err := readAdvertisement(newPktReader(strings.NewReader(all)), func(r ref) bool {
		names = append(names, r.name)
		return r.name != "refs/heads/main"
	}); err != nil || strings.Join(names, " ") != "HEAD refs/heads/a refs/heads/main" {
		t.Errorf("%v, %v", names, err)
	}
	for name, response := range map[string]string{
		"empty": joinPkts(strings.Repeat("0", 40)+" capabilities^{}\x00multi_ack\n", "flush"), "flush alone": joinPkts("flush"), "version 1": joinPkts("version 1\n", "flush"),
	} {
		if err := readAdvertisement(newPktReader(strings.NewReader(response)), func(r ref) bool { t.Error(name, r); return true }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, response := range []string{"", all[:len(all)-4], all[:100], "<html>"} {
		if err := readAdvertisement(newPktReader(strings.NewReader(response)), func(ref) bool { return true }); err == nil {
			t.Errorf("%q: no error", response)
		}
	}
}

// TestSideBand: a pack ends with a flush, and the remote's message is known as such and safe
// to print.
func TestSideBand(t *testing.T) {
	t.Parallel()
	const start = "NAK\n"
	read := func(pkts ...string) (string, error) {
		r, _, err := newPackReader(strings.NewReader(joinPkts(append([]string{"flush", start}, pkts...)...)))
		if err != nil {
			return "", err
		}
		pack, err := io.ReadAll(r)
		return string(pack), err
	}
	if pack, err := read("\x01PA", "\x02counting", "\x01CK", "flush"); pack != "PACK" || err != nil {
		t.Errorf("a pack: %q, %v", pack, err)
	}
	if _, err := read("\x01PACK"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("without its flush: %v", err)
	}
	var said *remoteError
	if _, err := read("\x01PA", "\x03go \x1b[31maway\n"); !errors.As(err, &said) || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("the remote's message: %v", err)
	}
	if _, err := read("\x04PACK", "flush"); !errors.Is(err, errMalformedPkt) {
		t.Errorf("band 4: %v", err)
	}
}

func FuzzLsRefs(f *testing.F) {
	f.Add([]byte(joinPkts(someID+" refs/heads/main\n", "flush")))
	f.Add([]byte(joinPkts("ERR no\n")))
	f.Add([]byte("0001000200030004"))
	f.Fuzz(func(t *testing.T, response []byte) {
		var found []ref
		err := readLsRefs(bytes.NewReader(response), func(r ref) { found = append(found, r) })
		if err == nil && !bytes.Contains(response, []byte("0000")) {
			t.Error("whole without a flush")
		}
		for _, r := range found {
			if r.name == "" || strings.ContainsAny(r.name, " ") {
				t.Errorf("ref %q", r.name)
			}
		}
		_ = readAdvertisement(newPktReader(bytes.NewReader(response)), func(ref) bool { return true })
	})
}

func FuzzPackAnswer(f *testing.F) {
	f.Add(gittest.PackResponse(someID, []byte("PACK")))
	f.Add([]byte(joinPkts("ACK "+someID+" common\n", "ACK "+someID+" ready\n", "NAK\n")))
	f.Fuzz(func(t *testing.T, response []byte) {
		if r, _, err := newPackReader(bytes.NewReader(response)); err == nil {
			if n, err := io.Copy(io.Discard, r); err == nil && int(n) > len(response) {
				t.Errorf("%d bytes from %d", n, len(response))
			}
		}
		_, _, _ = readHaveAnswer(bytes.NewReader(response), plumbing.NewHash(someID))
	})
}
