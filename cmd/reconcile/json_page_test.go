package main

import (
	"encoding"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"reconcile/cmd/reconcile/internal/doctor"
	"reconcile/cmd/reconcile/internal/scaffold"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/preview"
	"reconcile/reconciler/run"
)

var update = flag.Bool("update", false, "write the tables of docs/json.md")

// jsonObjects are the objects that commands print with -o json.
var jsonObjects = []struct {
	commands string
	value    any
}{
	{"now, plan, drift, watch", run.Result{}},
	{"status", inspect.Status{}},
	{"runs", struct {
		Runs []runJSON `json:"runs"`
	}{}},
	{"runs RUN", runJSON{}},
	{"changed", inspect.Changed{}},
	{"compare", inspect.Comparison{}},
	{"graph", inspect.Graph{}},
	{"validate", inspect.Validation{}},
	{"preview", preview.Round{}},
	{"risk", riskReport{}},
	{"rollout status", struct {
		Rollouts []inspect.RolloutStatus `json:"rollouts"`
	}{}},
	{"snapshot list", struct {
		Snapshots []snapshotJSON `json:"snapshots"`
	}{}},
	{"init", scaffold.Findings{}},
	{"doctor", struct {
		OK     bool            `json:"ok"`
		Checks []doctor.Result `json:"checks"`
	}{}},
	{"version", versionJSON{}},
}

// addedFields are fields that are printed beside those of a type.
var addedFields = map[string]string{
	"now, plan, drift, watch": "| `error` | string |\n",
	"runs RUN":                "| `logs.NAME` | string |\n",
}

// TestJSONPage compares the tables of docs/json.md, in both languages, with the types that
// commands print and with the small objects in their code.
func TestJSONPage(t *testing.T) {
	var text strings.Builder
	for _, object := range jsonObjects {
		fmt.Fprintf(&text, "\n### %s\n\n| field | type |\n|---|---|\n", object.commands)
		writeFields(&text, reflect.TypeOf(object.value), "", nil)
		text.WriteString(addedFields[object.commands])
	}
	text.WriteString("\n### Commands that answer with one line\n\n| in | fields |\n|---|---|\n")
	for _, row := range listSmallObjects(t) {
		text.WriteString(row)
	}
	const from, to = "<!-- Written by `go test ./cmd/reconcile -run TestJSONPage -update` from here on. -->\n", "\n<!-- To here. -->"
	for _, page := range []string{"../../docs/json.md", "../../docs/json.ja.md"} {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, found := strings.Cut(string(content), from)
		now, after, ends := strings.Cut(rest, to)
		switch {
		case !found || !ends:
			t.Errorf("%s has no place for the tables", page)
		case now == text.String():
		case *update:
			if err := os.WriteFile(page, []byte(before+from+text.String()+to+after), 0o600); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s does not have the fields that commands print: run with -update, and read the difference", page)
		}
	}
}

// writeFields writes a row for each field of a type and of the types in it.
func writeFields(w *strings.Builder, of reflect.Type, path string, within []reflect.Type) {
	for field := range of.Fields() {
		key, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		place, kind, inner := path+key, field.Type, ""
		if strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero") || kind.Kind() == reflect.Pointer {
			inner = ", or none"
		}
		for isContainer(kind) {
			switch kind.Kind() {
			case reflect.Slice, reflect.Array:
				place += "[]"
			case reflect.Map:
				place += ".NAME"
			}
			kind = kind.Elem()
		}
		fmt.Fprintf(w, "| `%s` | %s%s |\n", place, nameJSONType(kind), inner)
		if nameJSONType(kind) == "object" && kind.Kind() == reflect.Struct && !slices.Contains(within, kind) {
			writeFields(w, kind, place+".", append(slices.Clone(within), kind))
		}
	}
}

// isContainer reports whether JSON shows what is in a type, and not a text of its own.
func isContainer(kind reflect.Type) bool {
	if kind.Implements(reflect.TypeFor[encoding.TextMarshaler]()) || kind.Implements(reflect.TypeFor[json.Marshaler]()) {
		return kind.Kind() == reflect.Pointer
	}
	return slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map}, kind.Kind())
}

func nameJSONType(kind reflect.Type) string {
	switch {
	case kind == reflect.TypeFor[time.Time]():
		return "time"
	case kind.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return "string"
	}
	switch kind.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Interface:
		return "any"
	case reflect.Struct:
		return "object"
	}
	return "number"
}

// listSmallObjects returns a row for each object that a command prints from a map.
func listSmallObjects(t *testing.T) (rows []string) {
	files, err := filepath.Glob("cmd_*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(slices.Values(files)) {
		command := strings.TrimSuffix(strings.TrimPrefix(name, "cmd_"), ".go")
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(command, "worker") || command == "doctor" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if keys := keysOfPrinted(n); len(keys) > 1 || len(keys) == 1 && command != "runs" && command != "rollout" && command != "snapshot" {
				rows = append(rows, fmt.Sprintf("| %s | `%s` |\n", command, strings.Join(keys, "`, `")))
			}
			return true
		})
	}
	return rows
}

// keysOfPrinted returns the keys of a map that is printed as JSON.
func keysOfPrinted(n ast.Node) (keys []string) {
	call, isCall := n.(*ast.CallExpr)
	if !isCall || len(call.Args) != 2 {
		return nil
	}
	f, isSelector := call.Fun.(*ast.SelectorExpr)
	literal, isLiteral := call.Args[1].(*ast.CompositeLit)
	if !isSelector || f.Sel.Name != "PrintJSON" || !isLiteral {
		return nil
	}
	for _, element := range literal.Elts {
		if pair, isPair := element.(*ast.KeyValueExpr); isPair {
			if key, isText := pair.Key.(*ast.BasicLit); isText {
				text, _ := strconv.Unquote(key.Value) // the parser has accepted it
				keys = append(keys, text)
			}
		}
	}
	return keys
}
