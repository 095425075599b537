package dynamodb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"reconcile/state"
)

type attributes = map[string]types.AttributeValue

func stringAttribute(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func keyAttributes(key state.Key) attributes {
	return attributes{pkAttribute: stringAttribute(key.PK), skAttribute: stringAttribute(key.SK)}
}

// toAttributes turns an item into attributes: its keys, and each field of its object.
// Numbers keep their digits.
func toAttributes(item state.Item) (attributes, error) {
	decoder := json.NewDecoder(bytes.NewReader(item.Value))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	if fields == nil || decoder.More() {
		return nil, errors.New("not a JSON object")
	}
	all := keyAttributes(item.Key)
	for name, field := range fields {
		if name == pkAttribute || name == skAttribute {
			return nil, fmt.Errorf("its field %q would hide its key", name)
		}
		all[name] = toAttribute(field)
	}
	return all, nil
}

// toAttribute turns a value decoded by encoding/json into an attribute.
func toAttribute(value any) types.AttributeValue {
	switch value := value.(type) {
	case string:
		return stringAttribute(value)
	case json.Number:
		return &types.AttributeValueMemberN{Value: value.String()}
	case bool:
		return &types.AttributeValueMemberBOOL{Value: value}
	case []any:
		list := make([]types.AttributeValue, len(value))
		for i, v := range value {
			list[i] = toAttribute(v)
		}
		return &types.AttributeValueMemberL{Value: list}
	case map[string]any:
		fields := make(attributes, len(value))
		for name, v := range value {
			fields[name] = toAttribute(v)
		}
		return &types.AttributeValueMemberM{Value: fields}
	default:
		return &types.AttributeValueMemberNULL{Value: true}
	}
}

// fromAttributes returns the item that toAttributes was given.
func fromAttributes(all attributes) (state.Item, error) {
	pk, _ := all[pkAttribute].(*types.AttributeValueMemberS)
	sk, _ := all[skAttribute].(*types.AttributeValueMemberS)
	if pk == nil || sk == nil {
		return state.Item{}, fmt.Errorf("an item of the table has no %s and %s: it is not a table for records", pkAttribute, skAttribute)
	}
	key := state.Key{PK: pk.Value, SK: sk.Value}
	fields := maps.Clone(all)
	delete(fields, pkAttribute)
	delete(fields, skAttribute)
	value, err := appendObject(nil, fields)
	if err != nil {
		return state.Item{}, &state.CorruptError{Key: key, Err: err}
	}
	return state.Item{Key: key, Value: value}, nil
}

func appendObject(out []byte, fields attributes) ([]byte, error) {
	out = append(out, '{')
	for i, name := range slices.Sorted(maps.Keys(fields)) {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, name), ':')
		var err error
		if out, err = appendValue(out, fields[name]); err != nil {
			return nil, fmt.Errorf("attribute %q: %w", name, err)
		}
	}
	return append(out, '}'), nil
}

func appendValue(out []byte, value types.AttributeValue) ([]byte, error) {
	switch value := value.(type) {
	case *types.AttributeValueMemberS:
		return appendString(out, value.Value), nil
	case *types.AttributeValueMemberN:
		return append(out, value.Value...), nil
	case *types.AttributeValueMemberBOOL:
		return strconv.AppendBool(out, value.Value), nil
	case *types.AttributeValueMemberNULL:
		return append(out, "null"...), nil
	case *types.AttributeValueMemberM:
		return appendObject(out, value.Value)
	case *types.AttributeValueMemberL:
		return appendList(out, value.Value)
	default:
		return nil, fmt.Errorf("unexpected attribute type %T", value)
	}
}

func appendList(out []byte, list []types.AttributeValue) ([]byte, error) {
	out = append(out, '[')
	for i, v := range list {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendValue(out, v); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func appendString(out []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string can always be encoded
	return append(out, quoted...)
}
