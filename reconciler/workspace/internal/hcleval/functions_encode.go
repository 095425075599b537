package hcleval

import (
	"crypto/md5"  //nolint:gosec // as Terraform has it
	"crypto/sha1" //nolint:gosec // as Terraform has it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/url"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// newHashFunc returns one of Terraform's functions that hash a text.
func newHashFunc(newHash func() hash.Hash, encode func([]byte) string) function.Function {
	return StringFunc(func(s string) (string, error) {
		h := newHash()
		_, err := io.WriteString(h, s)
		return encode(h.Sum(nil)), err
	})
}

// addEncodings adds the functions that encode a text.
func addEncodings(functions map[string]function.Function) {
	base64Text := base64.StdEncoding.EncodeToString
	for name, newHash := range map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New} {
		functions[name] = newHashFunc(newHash, hex.EncodeToString)
	}
	functions["base64sha256"], functions["base64sha512"] = newHashFunc(sha256.New, base64Text), newHashFunc(sha512.New, base64Text)
	functions["urlencode"] = StringFunc(func(s string) (string, error) { return url.QueryEscape(s), nil })
	functions["urldecode"] = StringFunc(url.QueryUnescape)
}

// newBoolsFunc returns alltrue() for stop = false, and anytrue() for stop = true.
func newBoolsFunc(stop bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			result := cty.BoolVal(!stop)
			for _, v := range args[0].AsValueSlice() {
				switch {
				case !v.IsKnown():
					result = cty.UnknownVal(cty.Bool)
				case (!v.IsNull() && v.True()) == stop:
					return cty.BoolVal(stop), nil
				}
			}
			return result, nil
		},
	})
}

// matchkeysFunc is Terraform's matchkeys().
var matchkeysFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "values", Type: cty.List(cty.DynamicPseudoType)}, {Name: "keys", Type: cty.List(cty.DynamicPseudoType)}, {Name: "searchset", Type: cty.List(cty.DynamicPseudoType)},
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		if common, _ := convert.UnifyUnsafe([]cty.Type{args[1].Type(), args[2].Type()}); common == cty.NilType {
			return cty.NilType, errors.New("keys and searchset must be of the same type")
		}
		return args[0].Type(), nil
	},
	Impl: func(args []cty.Value, want cty.Type) (cty.Value, error) {
		if args[0].LengthInt() != args[1].LengthInt() {
			return cty.NilVal, errors.New("length of keys and values should be equal")
		}
		common, _ := convert.UnifyUnsafe([]cty.Type{args[1].Type(), args[2].Type()})
		keys, err := convert.Convert(args[1], common)
		if err != nil {
			return cty.NilVal, err
		}
		search, err := convert.Convert(args[2], common)
		if err != nil {
			return cty.NilVal, err
		}
		var found []cty.Value
		values := args[0].AsValueSlice()
		for i, key := range keys.AsValueSlice() {
			for _, wanted := range search.AsValueSlice() {
				equal, err := stdlib.Equal(key, wanted)
				if err != nil {
					return cty.NilVal, err
				}
				if !equal.IsKnown() {
					return cty.UnknownVal(want), nil
				}
				if equal.True() {
					found = append(found, values[i])
					break
				}
			}
		}
		if len(found) == 0 {
			return cty.ListValEmpty(want.ElementType()), nil
		}
		return cty.ListVal(found), nil
	},
})

// transposeFunc is Terraform's transpose().
var transposeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "map", Type: cty.Map(cty.List(cty.String))}},
	Type:   function.StaticReturnType(cty.Map(cty.List(cty.String))),
	Impl: func(args []cty.Value, want cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(want), nil
		}
		keys := map[string][]string{}
		for it := args[0].ElementIterator(); it.Next(); {
			key, list := it.Element()
			if list.IsNull() {
				return cty.NilVal, errors.New("input must not contain null list")
			}
			for _, v := range list.AsValueSlice() {
				if v.IsNull() {
					return cty.NilVal, errors.New("input list must not contain null string")
				}
				keys[v.AsString()] = append(keys[v.AsString()], key.AsString())
			}
		}
		transposed := map[string]cty.Value{}
		for name, list := range keys {
			slices.Sort(list)
			var values []cty.Value
			for _, key := range list {
				values = append(values, cty.StringVal(key))
			}
			transposed[name] = cty.ListVal(values)
		}
		if len(transposed) == 0 {
			return cty.MapValEmpty(cty.List(cty.String)), nil
		}
		return cty.MapVal(transposed), nil
	},
})
