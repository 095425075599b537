package gitwire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// pktKind distinguishes data from the special packets of the pkt-line format
// (gitprotocol-v2).
type pktKind int

const (
	pktData pktKind = iota
	pktFlush
	pktDelim
	pktEnd
)

// maxPkt is the maximum length of a pkt-line, including the four digits of its length.
const maxPkt = 65520

// errMalformedPkt means that the data is not in the pkt-line format.
var errMalformedPkt = errors.New("malformed pkt-line")

// remoteError is the remote's message in an ERR line or on the error band.
type remoteError struct{ text string }

func (e *remoteError) Error() string { return fmt.Sprintf("the remote says %q", e.text) }

type pktReader struct {
	r   *bufio.Reader
	buf [maxPkt]byte
}

func newPktReader(r io.Reader) *pktReader {
	return &pktReader{r: bufio.NewReaderSize(r, 16<<10)}
}

// next returns one line, which is valid until the next call. It returns io.EOF at the end,
// io.ErrUnexpectedEOF inside a line, and *remoteError for an ERR line.
func (p *pktReader) next() (pktKind, []byte, error) {
	if _, err := io.ReadFull(p.r, p.buf[:4]); err != nil {
		return 0, nil, err
	}
	n, err := pktLength(p.buf[:4])
	if err != nil {
		return 0, nil, err
	}
	switch n {
	case 0:
		return pktFlush, nil, nil
	case 1:
		return pktDelim, nil, nil
	case 2:
		return pktEnd, nil, nil
	}
	data := p.buf[4:n]
	if _, err := io.ReadFull(p.r, data); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	if text, ok := bytes.CutPrefix(data, []byte("ERR ")); ok {
		return 0, nil, &remoteError{sanitizeLine(text)}
	}
	return pktData, data, nil
}

// pktLength decodes the four hexadecimal digits at the start of a pkt-line.
func pktLength(digits []byte) (int, error) {
	n := 0
	for _, d := range digits {
		switch {
		case d >= '0' && d <= '9':
			n = n<<4 | int(d-'0')
		case d >= 'a' && d <= 'f':
			n = n<<4 | int(d-'a'+10)
		case d >= 'A' && d <= 'F':
			n = n<<4 | int(d-'A'+10)
		default:
			return 0, fmt.Errorf("%w: length %q", errMalformedPkt, digits)
		}
	}
	if n == 3 || n > maxPkt {
		return 0, fmt.Errorf("%w: length %d", errMalformedPkt, n)
	}
	return n, nil
}

// appendPkt appends one data line.
func appendPkt(b []byte, text string) []byte {
	return fmt.Appendf(b, "%04x%s", len(text)+4, text)
}

// sanitizeLine shortens a remote's message to one line that is safe to print.
func sanitizeLine(text []byte) string {
	const maxLine = 200
	text = bytes.TrimSpace(text)
	if len(text) > maxLine {
		text = append(bytes.Clone(text[:maxLine]), "…"...)
	}
	return string(bytes.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text))
}
