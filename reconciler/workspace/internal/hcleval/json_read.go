package hcleval

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// jsonReader reads JSON with the position of each value.
type jsonReader struct {
	text     []byte
	dec      *json.Decoder
	path     string
	problems []*Problem

	offset, line, lineStart int // of the text counted so far
}

func (r *jsonReader) nextToken() (json.Token, hcl.Range, error) {
	start := int(r.dec.InputOffset())
	for start < len(r.text) && bytes.IndexByte([]byte(" \t\r\n:,"), r.text[start]) >= 0 {
		start++
	}
	token, err := r.dec.Token()
	return token, hcl.Range{Filename: r.path, Start: r.positionOf(start), End: r.positionOf(int(r.dec.InputOffset()))}, err
}

// positionOf returns the position of an offset. Offsets must not decrease between calls.
func (r *jsonReader) positionOf(offset int) hcl.Pos {
	for r.offset < offset && r.offset < len(r.text) {
		if r.text[r.offset] == '\n' {
			r.line++
			r.lineStart = r.offset + 1
		}
		r.offset++
	}
	return hcl.Pos{Line: r.line, Column: offset - r.lineStart + 1, Byte: offset}
}

func (r *jsonReader) readValue() (*jsonNode, error) {
	token, rng, err := r.nextToken()
	if err != nil {
		return nil, err
	}
	return r.readRest(token, rng)
}

// readRest reads the rest of the value that begins with token.
func (r *jsonReader) readRest(token json.Token, rng hcl.Range) (*jsonNode, error) {
	n := &jsonNode{rng: rng, kind: 'v'}
	var err error
	switch v := token.(type) {
	case json.Delim:
		n.kind = byte(v)
		if n.kind == '{' {
			err = r.readObject(n)
		} else {
			err = r.readArray(n)
		}
	case string:
		n.kind, n.text = 's', v
	case json.Number:
		n.value, err = cty.ParseNumberVal(v.String())
	case bool:
		n.value = cty.BoolVal(v)
	case nil:
		n.value = cty.NullVal(cty.DynamicPseudoType)
	}
	return n, err
}

func (r *jsonReader) readObject(n *jsonNode) error {
	for {
		token, rng, err := r.nextToken()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok { // the closing brace
			n.rng.End = rng.End
			return nil
		}
		value, err := r.readValue()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		n.members = append(n.members, jsonMember{name, rng, value})
	}
}

func (r *jsonReader) readArray(n *jsonNode) error {
	for {
		token, rng, err := r.nextToken()
		if err != nil {
			return err
		}
		if token == json.Delim(']') {
			n.rng.End = rng.End
			return nil
		}
		item, err := r.readRest(token, rng)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
}
