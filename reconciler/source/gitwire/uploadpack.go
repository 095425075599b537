package gitwire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// Requests and responses of git-upload-pack in protocol version 0. Version 2 servers also
// answer them, and over HTTP they need no list of refs first.

// wantRequest requests a pack of the commits with their trees. Depth limits the history: 1
// means only the commits themselves.
func wantRequest(depth int, ids ...plumbing.Hash) []byte {
	var b []byte
	for i, id := range ids {
		capabilities := ""
		if i == 0 {
			capabilities = " side-band-64k ofs-delta shallow no-progress agent=" + userAgent
		}
		b = appendPkt(b, fmt.Sprintf("want %s%s\n", id, capabilities))
	}
	b = appendPkt(b, fmt.Sprintf("deepen %d\n", depth))
	b = append(b, "0000"...)
	return appendPkt(b, "done\n")
}

// newPackReader returns the pack in a response to wantRequest, and the commits whose parents
// are omitted.
func newPackReader(r io.Reader) (pack io.Reader, shallow []plumbing.Hash, err error) {
	pkts := newPktReader(r)
	for { // "shallow ID" lines, then a flush
		kind, line, err := pkts.next()
		if err != nil {
			return nil, nil, noEOF(err)
		}
		if kind == pktFlush {
			break
		}
		id, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "shallow ")
		if kind != pktData || !ok || !plumbing.IsHash(id) {
			return nil, nil, fmt.Errorf("%w: %q where the shallow commits should be", errMalformedPkt, sanitizeLine(line))
		}
		shallow = append(shallow, plumbing.NewHash(id))
	}
	kind, line, err := pkts.next()
	if err != nil {
		return nil, nil, noEOF(err)
	}
	if kind != pktData || !bytes.Equal(bytes.TrimSpace(line), []byte("NAK")) {
		return nil, nil, fmt.Errorf("%w: %q where NAK should be", errMalformedPkt, sanitizeLine(line))
	}
	return &bandReader{pkts: pkts}, shallow, nil
}

// Bands of side-band-64k.
const (
	bandData     = 1
	bandProgress = 2
	bandError    = 3
)

// bandReader reads the data band.
type bandReader struct {
	pkts    *pktReader
	pending []byte
	err     error
}

func (b *bandReader) Read(p []byte) (int, error) {
	for len(b.pending) == 0 && b.err == nil {
		b.pending, b.err = b.readBand()
	}
	if len(b.pending) == 0 {
		return 0, b.err
	}
	n := copy(p, b.pending)
	b.pending = b.pending[n:]
	return n, nil
}

func (b *bandReader) readBand() ([]byte, error) {
	kind, line, err := b.pkts.next()
	switch {
	case err != nil:
		return nil, noEOF(err)
	case kind == pktFlush:
		return nil, io.EOF
	case kind != pktData || len(line) == 0:
		return nil, errMalformedPkt
	}
	switch line[0] {
	case bandData:
		return line[1:], nil
	case bandProgress:
		return nil, nil
	case bandError:
		return nil, &remoteError{sanitizeLine(line[1:])}
	}
	return nil, fmt.Errorf("%w: band %d", errMalformedPkt, line[0])
}

// haveRequest asks whether the remote knows old, and whether old is reachable from tip:
// upload-pack answers "ACK old common" if it has old, and "ACK old ready" if every wanted
// commit reaches a commit that the client has.
func haveRequest(tip, old plumbing.Hash) []byte {
	// upload-pack takes it that the client has the parents of old, too, which a commit that
	// replaced old reaches as well. The "shallow" line says that old has none here.
	b := appendPkt(nil, fmt.Sprintf("want %s multi_ack_detailed shallow no-progress agent=%s\n", tip, userAgent))
	b = appendPkt(b, fmt.Sprintf("shallow %s\n", old))
	b = append(b, "0000"...)
	b = appendPkt(b, fmt.Sprintf("have %s\n", old))
	return append(b, "0000"...)
}

// readHaveAnswer reads the response to haveRequest up to its NAK.
func readHaveAnswer(r io.Reader, old plumbing.Hash) (common, ready bool, err error) {
	pkts := newPktReader(r)
	for {
		kind, line, err := pkts.next()
		if err != nil {
			return false, false, noEOF(err)
		}
		if kind == pktFlush {
			continue
		}
		switch strings.TrimSpace(string(line)) {
		case "ACK " + old.String() + " common":
			common = true
		case "ACK " + old.String() + " ready":
			ready = true
		case "NAK":
			return common, ready, nil
		default:
			return false, false, fmt.Errorf("%w: %q where an acknowledgement should be", errMalformedPkt, sanitizeLine(line))
		}
	}
}

// noEOF turns io.EOF into io.ErrUnexpectedEOF, for a response that ends too early.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// isSHA256 reports whether the remote's objects are named by SHA-256: its ids are longer, or
// it refuses the object format that the request names.
func isSHA256(err error) bool {
	var remoteErr *remoteError
	return errors.Is(err, errSHA256) || errors.As(err, &remoteErr) && strings.Contains(remoteErr.text, "server sha256")
}

// isNotOurRef reports whether the remote refused to send the commit. Only the text of the
// message shows that.
func isNotOurRef(err error) bool {
	var remoteErr *remoteError
	return errors.As(err, &remoteErr) && strings.Contains(remoteErr.text, "not our ref")
}
