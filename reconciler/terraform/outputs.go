package terraform

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Outputs is what can be told of a state's outputs without telling them.
// Without the key nobody can find a value from it.
type Outputs struct {
	// Digest is a keyed hash of all outputs, with their types and whether they
	// are sensitive: two states with equal outputs have equal digests.
	Digest string
	// Sensitive are the fingerprints of the strings in sensitive outputs, and
	// in those that pass on what must not be printed, sorted: for
	// Job.Sensitive of those who read them.
	Sensitive []string
	// State is the one that they are in.
	State State
	// FailedChecks says which checks failed in the apply that wrote the state,
	// and why, redacted.
	FailedChecks []string
}

// Outputs reads the outputs in the state.
func (s *Session) Outputs(ctx context.Context, key []byte) (Outputs, error) {
	var state struct {
		Lineage string
		Serial  int64
		Outputs map[string]output
		Checks  []checkResult `json:"check_results"`
	}
	if err := s.decodeState(ctx, &state); err != nil {
		return Outputs{}, err
	}
	o := Outputs{State: State{state.Lineage, state.Serial}}
	outputs := state.Outputs
	for _, output := range outputs {
		var value any
		if json.Unmarshal(output.Value, &value) != nil {
			continue // told below
		}
		secrets := jsonStrings(value)
		if !output.Sensitive {
			s.redactMatches(secrets...)
			secrets = slices.DeleteFunc(secrets, func(v string) bool { return s.log.redactString(v) == v })
		}
		s.log.addSecrets(secrets...)
		s.tf.rememberSensitive(secrets...)
		for _, secret := range secrets {
			o.Sensitive = append(o.Sensitive, fingerprint(key, secret))
		}
	}
	for _, failure := range failedResults(state.Checks) { // now that what is sensitive is known
		o.FailedChecks = append(o.FailedChecks, s.tellable(failure))
	}
	slices.Sort(o.Sensitive)
	o.Sensitive = slices.Compact(o.Sensitive)
	var err error
	if o.Digest, err = outputsDigest(outputs, key); err != nil {
		return Outputs{}, s.stepError("state pull", nil, err)
	}
	return o, nil
}

// output is one of a state's outputs.
type output struct {
	Sensitive bool
	Type      json.RawMessage
	Value     json.RawMessage
}

func outputsDigest(outputs map[string]output, key []byte) (string, error) {
	canonical := map[string][3]any{}
	for name, output := range outputs {
		kind, err := decodeExactJSON(output.Type)
		if err != nil {
			return "", fmt.Errorf("type of output %s: %w", name, err)
		}
		value, err := decodeExactJSON(output.Value)
		if err != nil {
			return "", fmt.Errorf("value of output %s: %w", name, err)
		}
		canonical[name] = [3]any{kind, output.Sensitive, value}
	}
	text, err := json.Marshal(canonical) // sorts every map
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// decodeExactJSON decodes JSON without rounding numbers.
func decodeExactJSON(text json.RawMessage) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}
