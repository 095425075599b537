package source

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

const (
	someID  = "0123456789012345678901234567890123456789"
	otherID = "abcdefabcdefabcdefabcdefabcdefabcdefabcd"
)

// pkts joins data lines; "flush" and "delim" stand for themselves.
func pkts(lines ...string) string {
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
	tests := []struct {
		name, answer string
		refs         int
		err          error
	}{
		{"one", pkts(someID+" refs/heads/main\n", "flush"), 1, nil},
		{"attributes", pkts(someID+" refs/heads/main symref-target:x peeled:y\n", "flush"), 1, nil},
		{"none", pkts("flush"), 0, nil},
		{"what follows the flush is not ours", pkts("flush") + "junk", 0, nil},
		{"empty: version 0", "", 0, errNotV2},
		{"no flush", pkts(someID + " refs/heads/main\n"), 1, io.ErrUnexpectedEOF},
		{"cut in a line", pkts(someID + " refs/heads/main\n")[:30], 0, io.ErrUnexpectedEOF},
		{"cut in a length", "00", 0, io.ErrUnexpectedEOF},
		{"a web page", "<html>log in</html>", 0, errPkt},
		{"a delimiter", pkts("delim"), 0, errPkt},
		{"no ref", pkts("hello\n", "flush"), 0, errRef},
		{"short id", pkts(someID[1:]+" refs/heads/main\n", "flush"), 0, errRef},
		{"no name", pkts(someID+" \n", "flush"), 0, errRef},
		{"length of 3", "0003", 0, errPkt},
		{"length too large", "fff1", 0, errPkt},
	}
	for _, test := range tests {
		refs := 0
		err := readLsRefs(strings.NewReader(test.answer), func(ref) { refs++ })
		if !errors.Is(err, test.err) || refs != test.refs {
			t.Errorf("%s: %d refs, %v; want %d, %v", test.name, refs, err, test.refs, test.err)
		}
	}
	var said *remoteError
	err := readLsRefs(strings.NewReader(pkts("ERR go \x1b[31maway\n")), func(ref) {})
	if !errors.As(err, &said) || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("an ERR line: %v", err)
	}
}

func TestReadAdvertisement(t *testing.T) {
	all := pkts(someID+" HEAD\x00multi_ack symref=HEAD:refs/heads/main\n", someID+" refs/heads/a\n", otherID+" refs/heads/main\n", someID+" refs/tags/v1\n", "flush")
	var names []string
	if err := readAdvertisement(newPktReader(strings.NewReader(all)), func(r ref) bool {
		names = append(names, r.name)
		return r.name != "refs/heads/main"
	}); err != nil || strings.Join(names, " ") != "HEAD refs/heads/a refs/heads/main" {
		t.Errorf("%v, %v", names, err)
	}
	for name, answer := range map[string]string{
		"empty": pkts(strings.Repeat("0", 40)+" capabilities^{}\x00multi_ack\n", "flush"), "flush alone": pkts("flush"), "version 1": pkts("version 1\n", "flush"),
	} {
		if err := readAdvertisement(newPktReader(strings.NewReader(answer)), func(r ref) bool { t.Error(name, r); return true }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, answer := range []string{"", all[:len(all)-4], all[:100], "<html>"} {
		if err := readAdvertisement(newPktReader(strings.NewReader(answer)), func(ref) bool { return true }); err == nil {
			t.Errorf("%q: no error", answer)
		}
	}
}

func FuzzLsRefs(f *testing.F) {
	f.Add([]byte(pkts(someID+" refs/heads/main\n", "flush")))
	f.Add([]byte(pkts("ERR no\n")))
	f.Add([]byte("0001000200030004"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		var found []ref
		err := readLsRefs(bytes.NewReader(answer), func(r ref) { found = append(found, r) })
		if err == nil && !bytes.Contains(answer, []byte("0000")) {
			t.Error("whole without a flush")
		}
		for _, r := range found {
			if r.name == "" || strings.ContainsAny(r.name, " ") {
				t.Errorf("ref %q", r.name)
			}
		}
		_ = readAdvertisement(newPktReader(bytes.NewReader(answer)), func(ref) bool { return true })
	})
}

func FuzzPackAnswer(f *testing.F) {
	f.Add(packAnswer(someID, []byte("PACK")))
	f.Add([]byte(pkts("ACK "+someID+" common\n", "ACK "+someID+" ready\n", "NAK\n")))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if r, _, err := packReader(bytes.NewReader(answer)); err == nil {
			if n, err := io.Copy(io.Discard, r); err == nil && int(n) > len(answer) {
				t.Errorf("%d bytes from %d", n, len(answer))
			}
		}
		id, _ := parseID(someID)
		_, _, _ = readCommon(bytes.NewReader(answer), id)
	})
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("100644 a\x00" + strings.Repeat("x", 20)))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseTree(data)
		if err != nil {
			return
		}
		for _, e := range list.entries {
			unsafe := e.name == "" || e.name == "." || e.name == ".." || strings.ContainsAny(e.name, "/\x00") || strings.EqualFold(e.name, ".git")
			if unsafe && e.odd == "" {
				t.Errorf("name %q", e.name)
			}
		}
		if list.canonical && !bytes.Equal(encodeTree(list.entries), data) {
			t.Errorf("%q is not what its entries make", data)
		}
	})
}
