package awsfake

import (
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// Alarms of CloudWatch, by its API reference 2010-08-01 in the protocol "Smithy RPC v2 CBOR".
// As there, DescribeAlarms returns only alarms of the Region that the request is signed for,
// leaves out what it does not know, and composite alarms unless they are asked for.

// SetAlarm sets the state of the alarm with an ARN: OK, ALARM or INSUFFICIENT_DATA; "" removes
// the alarm.
func (c *Server) SetAlarm(arn, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.alarms == nil {
		c.alarms = map[string]string{}
	}
	if c.alarms[arn] = state; state == "" {
		delete(c.alarms, arn)
	}
}

// DenyAlarms makes CloudWatch refuse every call with an error code of its reference; "" ends
// that.
func (c *Server) DenyAlarms(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alarmsErrorCode = code
}

// cborPath begins the path of a call to CloudWatch.
const cborPath = "/service/GraniteServiceVersion20100801/operation/"

func (c *Server) serveAlarms(w http.ResponseWriter, r *http.Request, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	in, err := cbor.Decode(body)
	input, isMap := in.(cbor.Map)
	list, _ := input["AlarmNames"].(cbor.List)
	for _, v := range list {
		name, _ := v.(cbor.String)
		names = append(names, string(name))
	}
	action := strings.TrimPrefix(r.URL.Path, cborPath)
	const maxNames = 100
	switch {
	case c.alarmsErrorCode != "":
		// AWS quotes the request where a signature is wrong.
		writeCBORError(w, c.alarmsErrorCode, "told to fail; x-amz-security-token:"+r.Header.Get("X-Amz-Security-Token"))
		return
	case action != "DescribeAlarms":
		writeCBORError(w, "InvalidAction", action)
		return
	case err != nil || !isMap:
		writeCBORError(w, "SerializationException", "the body is no map")
		return
	case len(names) > maxNames:
		writeCBORError(w, "ValidationError", "AlarmNames has more than 100 members")
		return
	}
	region := signedFor(r)
	found := cbor.List{}
	for arn, state := range c.alarms {
		parts := strings.SplitN(arn, ":", 7)
		if len(parts) == 7 && parts[3] == region && slices.Contains(names, parts[6]) {
			found = append(found, cbor.Map{"AlarmName": cbor.String(parts[6]), "AlarmArn": cbor.String(arn), "StateValue": cbor.String(state)})
		}
	}
	writeCBOR(w, http.StatusOK, cbor.Map{"MetricAlarms": found, "CompositeAlarms": cbor.List{}})
}

// signedFor returns the Region that a request is signed for.
func signedFor(r *http.Request) string {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if parts := strings.Split(scope, "/"); len(parts) > 2 {
		return parts[2]
	}
	return ""
}

func writeCBORError(w http.ResponseWriter, code, message string) {
	status := http.StatusBadRequest
	if code == "AccessDenied" {
		status = http.StatusForbidden
	}
	writeCBOR(w, status, cbor.Map{"__type": cbor.String(code), "message": cbor.String(message)})
}

func writeCBOR(w http.ResponseWriter, status int, value cbor.Value) {
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("smithy-protocol", "rpc-v2-cbor")
	w.WriteHeader(status)
	_, _ = w.Write(cbor.Encode(value))
}
