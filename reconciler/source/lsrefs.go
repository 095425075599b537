package source

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// userAgent is what we call ourselves on the wire.
const userAgent = "reconcile"

// errNotV2: the remote does not speak protocol version 2.
var errNotV2 = errors.New("the remote does not speak protocol version 2")

// lsRefsRequest is the ls-refs command of protocol version 2 (gitprotocol-v2),
// narrowed to refs whose names begin with one of the prefixes.
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

// ref is one line of an answer to ls-refs or of an advertisement.
type ref struct {
	id   plumbing.Hash
	name string
}

// readLsRefs reads an answer to ls-refs up to its flush. An answer without a
// byte is errNotV2: that is how a server of version 0 takes the question.
// Only an answer that ends in a flush, and only there, is whole.
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
	if !ok || name == "" || !plumbing.IsHash(id) {
		return ref{}, errMalformedRef
	}
	return ref{id: plumbing.NewHash(id), name: name}, nil
}

// errMalformedRef: a line of a list of refs is not one.
var errMalformedRef = errors.New("a line is not a ref")

// readAdvertisement reads the advertisement of a server of version 0, which
// lists every ref in the order of names. It ends at its flush, or where each
// returns false.
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
		line, _, _ = bytes.Cut(line, []byte{0}) // capabilities of the first line
		if bytes.HasPrefix(line, []byte("version ")) || bytes.HasPrefix(line, []byte("shallow ")) {
			continue
		}
		ref, err := parseRef(line)
		if err != nil {
			return err
		}
		if first && ref.name == "capabilities^{}" {
			continue // an empty repository has nothing else to hang them on
		}
		if !each(ref) {
			return nil
		}
	}
}
