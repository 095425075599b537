package awstest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// isCBOR reports whether a call uses Smithy's RPC v2 in CBOR. Newer SDKs use it for
// services that support it, such as CloudWatch (smithy.io, "Smithy RPC v2 CBOR
// protocol"). moto supports only the JSON of these services.
func isCBOR(c *call) bool { return c.header.Get("Smithy-Protocol") == "rpc-v2-cbor" }

// serveCBOR converts the call to JSON, and the response back.
func serveCBOR(c *call, serve func(*call) *response) *response {
	// /service/NAME/operation/NAME
	parts := strings.Split(c.path, "/")
	if len(parts) != 5 {
		return c.errorResponse("UnknownOperationException", "%s names no operation", c.path)
	}
	body := map[string]any{}
	if len(c.body) > 0 {
		value, err := cbor.Decode(c.body)
		if err != nil {
			return c.errorResponse("SerializationException", "%v", err)
		}
		body, _ = fromCBOR(value).(map[string]any)
	}
	jsonCall := c.withBody(body)
	jsonCall.operation, jsonCall.path = parts[4], "/"
	c.operation = jsonCall.operation
	jsonCall.header = c.header.Clone()
	jsonCall.header.Del("Smithy-Protocol")
	jsonCall.header.Set("X-Amz-Target", parts[2]+"."+jsonCall.operation)
	jsonCall.header.Set("Content-Type", "application/x-amz-json-1.0")
	got := serve(jsonCall)
	return &response{
		status: got.status,
		header: http.Header{"Content-Type": {"application/cbor"}, "Smithy-Protocol": {"rpc-v2-cbor"}},
		body:   cbor.Encode(toCBOR("", decodeObject(got.body))),
	}
}

func fromCBOR(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.Uint:
		return uint64(v)
	case cbor.NegInt:
		return -int64(v)
	case cbor.Float32:
		return float32(v)
	case cbor.Float64:
		return float64(v)
	case cbor.String:
		return string(v)
	case cbor.Bool:
		return bool(v)
	case *cbor.Tag: // a time, in seconds
		return fromCBOR(v.Value)
	case cbor.List:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = fromCBOR(item)
		}
		return list
	case cbor.Map:
		m := make(map[string]any, len(v))
		for name, item := range v {
			m[name] = fromCBOR(item)
		}
		return m
	}
	return nil
}

// toCBOR converts the member with that name. JSON does not distinguish times from
// numbers, but AWS's names do.
func toCBOR(name string, v any) cbor.Value {
	switch v := v.(type) {
	case json.Number:
		if strings.HasSuffix(name, "Timestamp") || strings.HasSuffix(name, "Time") || strings.HasSuffix(name, "LastModified") {
			seconds, _ := v.Float64()
			return &cbor.Tag{ID: 1, Value: cbor.Float64(seconds)}
		}
		if n, err := v.Int64(); err == nil && n >= 0 {
			return cbor.Uint(n)
		} else if err == nil {
			return cbor.NegInt(-n)
		}
		f, _ := v.Float64()
		return cbor.Float64(f)
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	case []any:
		list := make(cbor.List, len(v))
		for i, item := range v {
			list[i] = toCBOR("", item)
		}
		return list
	case map[string]any:
		m := cbor.Map{}
		for name, item := range v {
			if item != nil {
				m[name] = toCBOR(name, item)
			}
		}
		return m
	}
	return &cbor.Nil{}
}
