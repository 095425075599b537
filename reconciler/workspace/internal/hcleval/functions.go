package hcleval

import (
	"encoding/base64"
	"path"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// PureFunctions are Terraform's functions that depend only on their arguments. Functions
// that do not matter for paths are known by name only: their result is unknown, which makes
// the inputs wider but is never wrong.
var PureFunctions = &hcl.EvalContext{Functions: addCoreNames(map[string]function.Function{
	"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "log": stdlib.LogFunc,
	"max": stdlib.MaxFunc, "min": stdlib.MinFunc, "parseint": stdlib.ParseIntFunc, "pow": stdlib.PowFunc,
	"signum": stdlib.SignumFunc,

	"chomp": stdlib.ChompFunc, "format": formatFunc, "formatlist": stdlib.FormatListFunc, "indent": stdlib.IndentFunc,
	"join": joinFunc, "lower": stdlib.LowerFunc, "regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc,
	"replace": replaceFunc, "split": stdlib.SplitFunc, "strrev": stdlib.ReverseFunc, "substr": stdlib.SubstrFunc,
	"title": stdlib.TitleFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc,
	"trimspace": stdlib.TrimSpaceFunc, "trimsuffix": stdlib.TrimSuffixFunc, "upper": stdlib.UpperFunc,
	"startswith": predicateFunc(strings.HasPrefix), "endswith": predicateFunc(strings.HasSuffix), "strcontains": predicateFunc(strings.Contains),

	"alltrue": newBoolsFunc(false), "anytrue": newBoolsFunc(true), "matchkeys": matchkeysFunc, "transpose": transposeFunc,
	"chunklist": stdlib.ChunklistFunc, "coalesce": coalesceFunc, "coalescelist": stdlib.CoalesceListFunc,
	"compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc,
	"distinct": stdlib.DistinctFunc, "element": elementFunc, "flatten": stdlib.FlattenFunc,
	"index": indexFunc, "keys": stdlib.KeysFunc, "length": lengthFunc, "lookup": lookupFunc,
	"merge": stdlib.MergeFunc, "one": oneFunc, "range": stdlib.RangeFunc, "reverse": stdlib.ReverseListFunc,
	"setintersection": stdlib.SetIntersectionFunc, "setproduct": stdlib.SetProductFunc,
	"setsubtract": stdlib.SetSubtractFunc, "setunion": stdlib.SetUnionFunc, "slice": stdlib.SliceFunc,
	"sort": stdlib.SortFunc, "values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,

	"csvdecode": decodeFunc(stdlib.CSVDecodeFunc), "jsondecode": decodeFunc(stdlib.JSONDecodeFunc), "jsonencode": stdlib.JSONEncodeFunc,
	"yamldecode": decodeFunc(yamlDecodeFunc), "yamlencode": ctyyaml.YAMLEncodeFunc, "provider::terraform::decode_tfvars": decodeFunc(tfvarsDecodeFunc),
	"base64decode": StringFunc(func(s string) (string, error) {
		b, err := base64.StdEncoding.DecodeString(s)
		return string(b), err
	}),
	"base64encode": StringFunc(func(s string) (string, error) { return base64.StdEncoding.EncodeToString([]byte(s)), nil }),
	"formatdate":   stdlib.FormatDateFunc, "timeadd": stdlib.TimeAddFunc,

	"dirname":    StringFunc(func(s string) (string, error) { return path.Dir(s), nil }),
	"basename":   StringFunc(func(s string) (string, error) { return path.Base(s), nil }),
	"pathexpand": StringFunc(func(s string) (string, error) { return s, nil }),
	"sensitive":  unchangedFunc, "nonsensitive": unchangedFunc, "ephemeralasnull": unchangedFunc,

	"try": tryfunc.TryFunc, "can": tryfunc.CanFunc,
	"tobool": stdlib.MakeToFunc(cty.Bool), "tonumber": stdlib.MakeToFunc(cty.Number), "tostring": stdlib.MakeToFunc(cty.String),
	"tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)), "tomap": stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
	"toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
})}

// unknownFunctions lists the functions whose result is not computed here.
var unknownFunctions = strings.Fields(`
	base64gzip bcrypt cidrhost cidrnetmask cidrsubnet cidrsubnets issensitive plantimestamp rsadecrypt sum templatestring
	textdecodebase64 textencodebase64 timecmp timestamp type uuid uuidv5 base64gunzip cidrcontains`)

// addCoreNames adds the encodings and the unknown functions to known, and each function's
// core:: name.
func addCoreNames(known map[string]function.Function) map[string]function.Function {
	addEncodings(known)
	for _, name := range unknownFunctions {
		known[name] = UnknownFunc
	}
	functions := make(map[string]function.Function, 2*len(known))
	for name, f := range known {
		f = withSizeLimit(name, f)
		functions[name] = f
		if !strings.HasPrefix(name, "provider::") {
			functions["core::"+name] = f
		}
	}
	return functions
}

// AnyParameter accepts any arguments, including unknown and null values.
var AnyParameter = &function.Parameter{Name: "v", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowDynamicType: true}

// UnknownFunc is a function whose result is unknown.
var UnknownFunc = function.New(&function.Spec{
	VarParam: AnyParameter,
	Type:     function.StaticReturnType(cty.DynamicPseudoType),
	Impl:     func([]cty.Value, cty.Type) (cty.Value, error) { return cty.DynamicVal, nil },
})

var unchangedFunc = function.New(&function.Spec{
	Params: []function.Parameter{*AnyParameter},
	Type:   func(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil },
	Impl:   func(args []cty.Value, _ cty.Type) (cty.Value, error) { return args[0], nil },
})

// replaceFunc is Terraform's replace(): a pattern between slashes is a regular expression.
var replaceFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "str", Type: cty.String}, {Name: "substr", Type: cty.String}, {Name: "replace", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		str, substr, replacement := args[0].AsString(), args[1].AsString(), args[2].AsString()
		if len(substr) > 1 && strings.HasPrefix(substr, "/") && strings.HasSuffix(substr, "/") {
			re, err := regexp.Compile(substr[1 : len(substr)-1])
			if err != nil {
				return cty.NilVal, err
			}
			return cty.StringVal(re.ReplaceAllString(str, replacement)), nil
		}
		return cty.StringVal(strings.ReplaceAll(str, substr, replacement)), nil
	},
})

// StringFunc returns a function of one text that calls f.
func StringFunc(f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "s", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			return cty.StringVal(s), err
		},
	})
}

func predicateFunc(f func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "s", Type: cty.String}, {Name: "part", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(f(args[0].AsString(), args[1].AsString())), nil
		},
	})
}
