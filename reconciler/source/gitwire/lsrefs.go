package gitwire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// userAgent is the agent name in requests.
const userAgent = "reconcile"

// errNotV2 means that the remote does not speak protocol version 2.
var errNotV2 = errors.New("the remote does not speak protocol version 2")

// lsRefsRequest returns an ls-refs command of protocol version 2 (gitprotocol-v2), limited to
// refs whose names begin with one of the prefixes.
func lsRefsRequest(prefixes ...string) []byte {
	var b []byte
	b = appendPkt(b, "command=ls-refs\n")
	b = appendPkt(b, "agent="+userAgent+"\n")
	b = appendPkt(b, "object-format=sha1")
	b = append(b, "0001"...)
	for _, prefix := range prefixes {
		b = appendPkt(b, "ref-prefix "+prefix+"\n")
	}
	return append(b, "0000"...)
}

// ref is one line of an ls-refs response or of an advertisement.
type ref struct {
	id   plumbing.Hash
	name string
}

// readLsRefs reads an ls-refs response up to its flush. It returns errNotV2 for an empty
// response: a version 0 server sends that. A response without a final flush is incomplete.
func readLsRefs(r io.Reader, each func(ref)) error {
	pkts := newPktReader(r)
	for first := true; ; first = false {
		kind, line, err := pkts.next()
		if errors.Is(err, io.EOF) {
			if first {
				return errNotV2
			}
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		switch kind {
		case pktFlush:
			return nil
		case pktData:
			ref, err := parseRef(line)
			if err != nil {
				return err
			}
			each(ref)
		default:
			return errMalformedPkt
		}
	}
}

// parseRef parses "ID NAME[ ATTRIBUTE]…\n".
func parseRef(line []byte) (ref, error) {
	id, rest, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
	name, _, _ := strings.Cut(rest, " ")
	if id == "unborn" && ok {
		return ref{name: name}, nil
	}
	if ok && len(id) == sha256.Size*2 && isHex(id) {
		return ref{}, errSHA256
	}
	if !ok || name == "" || !plumbing.IsHash(id) {
		return ref{}, errMalformedRef
	}
	return ref{id: plumbing.NewHash(id), name: name}, nil
}

func isHex(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil
}

// errMalformedRef means that a line of a list of refs is malformed.
var errMalformedRef = errors.New("malformed ref line")

// errSHA256 means that a list of refs has SHA-256 ids.
var errSHA256 = errors.New("object names by SHA-256")

// readAdvertisement reads the advertisement of a version 0 server, which lists every ref
// sorted by name. It stops at the flush, or when each returns false.
func readAdvertisement(pkts *pktReader, each func(ref) bool) error {
	for first := true; ; first = false {
		kind, line, err := pkts.next()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if kind == pktFlush {
			return nil
		}
		if kind != pktData {
			return errMalformedPkt
		}
		line, _, _ = bytes.Cut(line, []byte{0}) // the first line carries capabilities
		if bytes.HasPrefix(line, []byte("version ")) || bytes.HasPrefix(line, []byte("shallow ")) {
			continue
		}
		ref, err := parseRef(line)
		if err != nil {
			return err
		}
		if first && ref.name == "capabilities^{}" {
			continue // an empty repository sends its capabilities this way
		}
		if !each(ref) {
			return nil
		}
	}
}
