//go:build linux

package workspace

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"pgregory.net/rapid"

	"reconcile/reconciler/workspace/repotree"
)

// layoutGen draws a repository whose workspace env/a reads files of the tree, in every way
// that a plan with the built-in provider can.
type layoutGen struct {
	*rapid.T
	files map[string]string
	env   map[string]string
	count int
}

// drawnModule is the configuration of one directory.
type drawnModule struct {
	dir       string
	text      strings.Builder
	variables strings.Builder // values of its variables, as attributes: a file, or a call's arguments
	caller    *drawnModule
}

func newLayoutGen(t *rapid.T) *layoutGen {
	g := &layoutGen{T: t, files: map[string]string{}, env: map[string]string{}}
	for i := range 4 {
		g.files[fmt.Sprintf("files/%d.txt", i)] = fmt.Sprintf("text %d\n", i)
		g.files[fmt.Sprintf("files/sub/%d.txt", i)] = fmt.Sprintf("below %d\n", i)
		g.files[fmt.Sprintf("files/set/%d.json", i)] = fmt.Sprintf("{\"n\": %d}\n", i)
		g.files[fmt.Sprintf("files/a b/資%d.txt", i)] = fmt.Sprintf("space %d\n", i)
		g.files[fmt.Sprintf("other/%d.txt", i)] = "other\n"
	}
	g.files["files/link"] = "-> sub/1.txt"
	g.files["files/dirlink"] = "-> sub"
	g.files["README.md"] = "read me\n"
	g.files["env/b/main.tf"] = "output \"b\" {\n  value = 1\n}\n"
	g.files["env/b/notes.txt"] = "notes\n"
	return g
}

func (g *layoutGen) n(most int) int { return rapid.IntRange(0, most).Draw(g.T, "n") }

func (g *layoutGen) name(kind string) string {
	g.count++
	return fmt.Sprintf("%s%d", kind, g.count)
}

func (g *layoutGen) draw() {
	root := &drawnModule{dir: "env/a"}
	fmt.Fprintf(&root.text, "terraform {\n  required_providers {\n    terraform = {\n      source = \"terraform.io/builtin/terraform\"\n    }\n  }\n}\n")
	g.output(root, "1")
	for range 1 + g.n(3) {
		g.read(root)
	}
	if g.n(1) == 0 {
		m := g.call(root)
		g.read(m)
		g.finish(m)
	}
	g.files["env/a/main.tf"] = root.text.String()
	values := rapid.SampledFrom([]string{"terraform.tfvars", "x.auto.tfvars"}).Draw(g.T, "values")
	g.files["env/a/"+values] = root.variables.String()
	var settings strings.Builder
	for name := range g.env {
		fmt.Fprintf(&settings, "%q,", name)
	}
	if settings.Len() > 0 {
		g.files["env/reconcile.hcl"] = "workspace \"a\" {\n  env = [" + settings.String() + "]\n}\n"
	}
}

// call adds a module that m calls, to which finish must be called.
func (g *layoutGen) call(m *drawnModule) *drawnModule {
	place := rapid.SampledFrom([]string{"modules/%s", "env/a/own/%s", "modules/deep/%s"}).Draw(g.T, "place")
	return &drawnModule{dir: fmt.Sprintf(place, g.name("m")), caller: m}
}

func (g *layoutGen) finish(m *drawnModule) {
	fmt.Fprintf(&m.caller.text, "module %q {\n  source = %q\n%s}\n", path.Base(m.dir), sourceOfPath(repotree.RelativePath(m.caller.dir, m.dir)), m.variables.String())
	g.files[m.dir+"/main.tf"] = m.text.String() + "\n"
}

// local adds a local value, and returns the reference to it.
func (g *layoutGen) local(m *drawnModule, value string) string {
	name := g.name("l")
	fmt.Fprintf(&m.text, "locals {\n  %s = %s\n}\n", name, value)
	return "local." + name
}

// path returns an expression of the path of a file of the repository.
func (g *layoutGen) path(m *drawnModule, file string, depth int) string {
	base, from := "path.module", m.dir
	switch g.n(4) {
	case 0:
		base, from = "path.root", "env/a"
	case 1:
		base, from = "path.cwd", "env/a"
	case 2: // relative to the directory in which Terraform runs
		return g.text(m, repotree.RelativePath("env/a", file), depth)
	}
	relative := repotree.RelativePath(from, file)
	switch g.n(4) {
	case 0:
		return fmt.Sprintf("join(\"/\", [%s, %s])", base, g.text(m, relative, depth))
	case 1:
		return fmt.Sprintf("format(\"%%s/%%s\", %s, %s)", base, g.text(m, relative, depth))
	case 2:
		return fmt.Sprintf("abspath(\"${%s}/${%s}\")", base, g.text(m, relative, depth))
	case 3:
		dir, name := path.Split(relative)
		return fmt.Sprintf("\"${%s}/%s${%s}\"", base, dir, g.text(m, name, depth))
	}
	return fmt.Sprintf("\"${%s}/${%s}\"", base, g.text(m, relative, depth))
}

// text returns an expression of a text, which it may also write elsewhere.
func (g *layoutGen) text(m *drawnModule, text string, depth int) string {
	quoted := fmt.Sprintf("%q", text)
	if depth == 0 {
		return quoted
	}
	if kind := g.n(3); kind == 0 {
		return quoted
	} else if kind == 1 {
		return g.textElsewhere(m, text, depth-1)
	}
	inner := g.text(m, text, depth-1)
	wrap := rapid.SampledFrom([]string{
		"lower(%s)", "trimspace(\"${%s}\\n\")", "coalesce(\"\", %s)", "coalesce(null, %s)", "try(tonumber(\"x\"), %s)", "try(local.config.none, %s)",
		"split(\",\", \"no,${%s}\")[1]", "element([\"no\", %s], 3)", "{ a = \"no\", b = %s }[\"b\"]", "{ a = \"no\", b = %s }.b",
		"lookup({ b = %s }, \"b\", \"no\")", "lookup({ a = \"no\" }, \"b\", %s)", "merge({ a = \"no\" }, { a = %s }).a",
		"[for x in [\"no\", %s] : x if x != \"no\"][0]", "{ for k, v in { a = %s } : v => k if k != \"b\" }", "one([%s])", "one(toset([%s]))",
		"concat([\"no\"], [%s])[1]", "flatten([[\"no\"], [[%s]]])[1]", "reverse([%s, \"no\"])[1]", "slice([\"no\", %s], 1, 2)[0]",
		"tolist(toset([%s]))[0]", "nonsensitive(sensitive(%s))", "tostring(%s)", "replace(replace(%s, \"/\", \"@\"), \"@\", \"/\")",
		"trimprefix(\"no${%s}\", \"no\")", "trimsuffix(\"${%s}no\", \"no\")", "substr(\"no${%s}\", 2, -1)", "regex(\"^.*$\", %s)", "regex(\"no(?P<rest>.*)\", \"no${%s}\").rest",
		"base64decode(base64encode(%s))", "jsondecode(jsonencode({ k = [%s] })).k[0]", "yamldecode(yamlencode({ k = %s })).k",
		"csvdecode(\"k\\n${%s}\\n\")[0].k", "values({ a = %s })[0]", "zipmap([\"k\"], [%s])[\"k\"]", "([{ k = %s }][*].k)[0]", "element((%s)[*], 0)",
		"\"%%{ if true }${%s}%%{ else }no%%{ endif }\"", "\"%%{ for x in [%s] }${x}%%{ endfor }\"",
		"length(\"x\") > 3 ? \"no\" : %s", "compact([\"\", %s])[0]", "distinct([%s, \"no\"])[0]", "setproduct([\"no\"], [%s])[0][1]", "chunklist([\"no\", %s], 1)[1][0]",
		"matchkeys([%s, \"no\"], [\"a\", \"b\"], [\"a\"])[0]", "formatlist(\"%%s\", [%s])[0]", "index([%s], \"x\")", "transpose({ x = [%s] })", "sort([\"~\", %s])[0]",
		"can(regex(\"[\", \"x\")) ? \"no\" : %s", "[for k, v in { (%s) = 1 } : k][0]", "keys({ (%s) = 1 })[0]", "element(matchkeys([%s], [1], [1]), 0)",
		"{ for x in [%s] : \"k\" => x... }[\"k\"][0]", "urlencode(%s)", "setunion([], [%s])", "trim(\" ${%s} \", \" \")", "alltrue([]) ? %s : \"no\"",
		"templatestring(local.pattern, { x = %s })", "provider::terraform::decode_tfvars(\"k = \\\"${%s}\\\"\").k",
	}).Draw(g.T, "wrap")
	wrapped := fmt.Sprintf(wrap, inner)
	switch { // those that give something else
	case strings.HasPrefix(wrap, "{ for k, v"), strings.HasPrefix(wrap, "transpose"):
		return fmt.Sprintf("keys(%s)[0]", wrapped)
	case strings.HasPrefix(wrap, "index"):
		return fmt.Sprintf("try(%s, %s)", wrapped, inner)
	case strings.HasPrefix(wrap, "urlencode"):
		return fmt.Sprintf("replace(%s, \"%%2F\", \"/\")", wrapped)
	case strings.HasPrefix(wrap, "setunion"):
		return fmt.Sprintf("tolist(%s)[0]", wrapped)
	case strings.Contains(wrap, "local.pattern"):
		return strings.Replace(wrapped, "local.pattern", g.local(m, "\"$${x}\""), 1)
	case strings.Contains(wrap, "local.config"):
		return strings.Replace(wrapped, "local.config", g.local(m, "jsondecode(\"{}\")"), 1)
	case strings.Contains(wrap, "?"):
		return "(" + wrapped + ")"
	}
	return wrapped
}

// textElsewhere writes a text to another place than the expression that it returns.
func (g *layoutGen) textElsewhere(m *drawnModule, text string, depth int) string {
	encoded, _ := json.Marshal(text) // a string has JSON
	switch kind := g.n(13); kind {
	case 0, 1:
		return g.local(m, g.text(m, text, depth))
	case 2:
		name := g.name("v")
		fmt.Fprintf(&m.text, "variable %q {\n  default = %q\n}\n", name, text)
		return "var." + name
	case 3, 4: // by a file of values, or by the caller
		name, value := g.name("v"), fmt.Sprintf("%q", text)
		if m.caller != nil {
			value = g.text(m.caller, text, depth)
		}
		fmt.Fprintf(&m.text, "variable %q {\n  type = string\n}\n", name)
		fmt.Fprintf(&m.variables, "  %s = %s\n", name, value)
		return "var." + name
	case 5:
		name := g.name("v")
		fmt.Fprintf(&m.text, "variable %q {\n  type = object({ k = optional(string, %q) })\n  default = {}\n}\n", name, text)
		return "var." + name + ".k"
	case 6:
		file := "files/" + g.name("c") + ".json"
		g.files[file] = fmt.Sprintf("{\"k\": {\"list\": [%s]}}\n", encoded)
		return fmt.Sprintf("jsondecode(file(%s)).k.list[0]", g.path(m, file, depth))
	case 7:
		file := "files/" + g.name("c") + ".yaml"
		g.files[file] = fmt.Sprintf("k:\n  - no\n  - %s\n", encoded)
		return fmt.Sprintf("yamldecode(file(%s))[\"k\"][1]", g.path(m, file, depth))
	case 8:
		file := "files/" + g.name("c") + ".tpl"
		g.files[file] = "no:${x}"
		return fmt.Sprintf("split(\":\", templatefile(%s, { x = %s }))[1]", g.path(m, file, depth), g.text(m, text, depth))
	case 9:
		file := "files/" + g.name("c")
		g.files[file] = text + "\n"
		return fmt.Sprintf("chomp(file(%s))", g.path(m, file, depth))
	case 10:
		called := g.call(m)
		fmt.Fprintf(&called.text, "output \"o\" {\n  value = %s\n}\n", g.text(called, text, depth))
		g.finish(called)
		return "module." + path.Base(called.dir) + ".o"
	case 11:
		name := g.name("l")
		fmt.Fprintf(&m.text, "locals {\n  %s = \"no\"\n}\n", name)
		override := rapid.SampledFrom([]string{"%s_override.tf", "%s.eu_override.tf", "#%s_override.tf"}).Draw(g.T, "override")
		g.files[m.dir+"/"+fmt.Sprintf(override, name)] = fmt.Sprintf("locals {\n  %s = %q\n}\n", name, text)
		return "local." + name
	case 12:
		name := g.name("v")
		if m.caller != nil || strings.Contains(text, "..") { // an unknown part is taken not to lead upwards
			g.files[m.dir+"/"+name+".tf.json"] = fmt.Sprintf("{\"locals\": {%q: %s}}\n", name, encoded)
			return "local." + name
		}
		fmt.Fprintf(&m.text, "variable %q {\n  type = string\n}\n", name)
		g.env["TF_VAR_"+name] = text
		return "var." + name
	}
	return fmt.Sprintf("base64decode(%q)", base64.StdEncoding.EncodeToString([]byte(text)))
}

// file draws a file that exists, or not, perhaps through a link.
func (g *layoutGen) file() (name string, exists bool) {
	place := rapid.SampledFrom([]string{
		"files/N.txt", "files/sub/N.txt", "files/dirlink/N.txt", "files/set/N.json", "files/link", "files/a b/資N.txt",
	}).Draw(g.T, "file")
	n := rapid.SampledFrom([]int{0, 1, 2, 3, 0, 1, 2, 3, 4, 5}).Draw(g.T, "which")
	return strings.Replace(place, "N", fmt.Sprint(n), 1), n < 4 || place == "files/link"
}

// output adds an output, whose value is in the plan's text.
func (g *layoutGen) output(m *drawnModule, value string) {
	name := g.name("o")
	fmt.Fprintf(&m.text, "output %q {\n  value = %s\n}\n", name, value)
	if m.caller != nil {
		fmt.Fprintf(&m.caller.text, "output %q {\n  value = module.%s.%s\n}\n", name, path.Base(m.dir), name)
	}
}

// read adds one use of files.
func (g *layoutGen) read(m *drawnModule) {
	file, exists := g.file()
	p := g.path(m, file, 4)
	if !exists {
		g.outputOf(m, p, "fileexists(%s)", "try(file(%s), \"none\")", "can(file(%s))", "fileexists(%[1]s) ? file(%[1]s) : \"none\"")
		return
	}
	name := g.name("r")
	switch g.n(16) {
	case 0:
		g.outputOf(m, p, "file(%s)", "filebase64(%s)", "filesha256(%s)", "filemd5(%s)", "fileexists(%s)", "filebase64sha512(%s)")
	case 1:
		g.outputOf(m, p, "try(file(\"none\"), file(%s))", "coalesce(\"\", file(%s))", "[for p in [%s] : file(p)]", "{ for p in toset([%s]) : basename(p) => filesha1(p) }",
			"templatefile(%s, {})", "length(file(%s)) > 3 ? \"long\" : \"short\"", "base64gzip(file(%s))", "replace(file(%s), \"e\", \"3\")")
	case 2:
		pattern := g.text(m, rapid.SampledFrom([]string{"*.txt", "**", "sub/*.txt", "set/{0,1}.json", "?.txt", "**/*.json"}).Draw(g.T, "pattern"), 1)
		dir := g.path(m, "files", 2)
		each := strings.ReplaceAll(dir, "%", "%%")
		g.outputOf(m, fmt.Sprintf("fileset(%s, %s)", dir, pattern), "%s", "length(%s)", "{ for f in %s : f => filesha1(\"${"+each+"}/${f}\") }", "sha1(join(\"\", [for f in %s : filesha1(join(\"/\", ["+each+", f]))]))")
	case 3:
		dir, base := path.Split(file)
		fmt.Fprintf(&m.text, "resource \"terraform_data\" %q {\n  for_each = toset([%s])\n  input = file(\"${%s}/${each.value}\")\n}\n", name, g.text(m, base, 3), g.path(m, path.Clean(dir), 2))
	case 4:
		fmt.Fprintf(&m.text, "resource \"terraform_data\" %q {\n  count = 2\n  triggers_replace = filemd5([%s, %s][count.index])\n}\n", name, p, g.path(m, "files/0.txt", 1))
	case 5:
		template := "files/" + g.name("t") + ".tftpl"
		g.files[template] = rapid.SampledFrom([]string{"${file(p)}", "%{ for x in [p] }${filesha256(x)}%{ endfor }", "%{ if fileexists(p) }yes%{ endif }"}).Draw(g.T, "template")
		g.outputOf(m, fmt.Sprintf("templatefile(%s, { p = %s })", g.path(m, template, 2), p), "%s", "sha1(%s)", "[%s]")
	case 6:
		fmt.Fprintf(&m.text, "resource \"terraform_data\" %q {\n  input = 1\n  lifecycle {\n    precondition {\n      condition     = file(%s) != %s\n      error_message = \"no\"\n    }\n  }\n}\n", name, p, g.local(m, "\"x\""))
	case 7:
		fmt.Fprintf(&m.text, "check %q {\n  assert {\n    condition     = strcontains(file(%s), %s)\n    error_message = \"no 1\"\n  }\n}\n", name, p, g.local(m, "\"1\""))
	case 8: // a module for each name
		called := g.call(m)
		fmt.Fprintf(&called.text, "variable \"name\" {}\noutput \"o\" {\n  value = file(\"${path.module}/%s/${var.name}.txt\")\n}\n", repotree.RelativePath(called.dir, "files"))
		fmt.Fprintf(&called.variables, "  for_each = toset([\"1\", %s])\n  name = each.key\n", g.text(m, "2", 2))
		g.finish(called)
		g.outputOf(m, "module."+path.Base(called.dir), "{ for k, v in %s : k => v.o }")
	case 10: // in JSON
		value, _ := json.Marshal(map[string]any{"locals": map[string]any{name: []string{"${filesha1(" + p + ")}"}}}) // maps of strings have JSON
		g.files[m.dir+"/"+name+".tf.json"] = string(value)
		g.output(m, "local."+name)
	case 11: // each instance of a module has a path of its own
		called := g.call(m)
		fmt.Fprintf(&called.text, "variable \"of\" {\n  type = object({ file = string, more = optional(list(string), []) })\n}\noutput \"o\" {\n  value = [for f in concat([var.of.file], var.of.more) : filemd5(f)]\n}\n")
		fmt.Fprintf(&called.variables, "  for_each = { a = { file = %s }, b = { file = %s, more = [%s] } }\n  of = each.value\n", g.path(m, "files/0.txt", 1), p, g.path(m, "files/sub/2.txt", 2))
		g.finish(called)
		g.outputOf(m, "module."+path.Base(called.dir), "[for k, v in %s : v.o]", "values(%s)[*].o", "{ for k in keys(%[1]s) : k => %[1]s[k].o }")
	case 12:
		fmt.Fprintf(&m.text, "resource \"terraform_data\" %q {\n  count = fileexists(%s) ? 1 : 0\n  input = sha1(file(%s))\n}\n", name, p, p)
	case 13:
		dir := g.path(m, "files", 1)
		fmt.Fprintf(&m.text, "resource \"terraform_data\" %q {\n  for_each = { for f in fileset(%s, %s) : trimsuffix(f, \".txt\") => f if f != \"0.txt\" }\n  input = file(\"${%s}/${each.value}\")\n}\n", name, dir, g.text(m, "*.txt", 2), dir)
	case 14: // a text of the configuration that is a template
		template := g.local(m, rapid.SampledFrom([]string{"\"$${p}\"", "\"%%{ if p != \\\"\\\" }$${p}%%{ endif }\""}).Draw(g.T, "template"))
		g.outputOf(m, fmt.Sprintf("templatestring(%s, { p = %s })", template, p), "file(%s)", "[filemd5(%s)]")
	case 15: // names in a file that a template makes
		template := "files/" + g.name("t") + ".tftpl"
		g.files[template] = "items:\n%{ for n in names }  - ${n}\n%{ endfor }"
		g.outputOf(m, fmt.Sprintf("yamldecode(templatefile(%s, { names = [%s] })).items", g.path(m, template, 1), g.text(m, "2.txt", 2)),
			"[for n in %s : file(\"${path.root}/../../files/sub/${n}\")]", "{ for i, n in %s : i => filesha1(join(\"/\", [path.root, \"../../files\", n])) }")
	case 16:
		variable := g.name("v")
		fmt.Fprintf(&m.text, "variable %q {\n  type    = map(list(string))\n  default = null\n}\n", variable)
		if m.caller == nil {
			fmt.Fprintf(&m.variables, "  %s = { k = [%q, %q] }\n", variable, "../../"+file, "../../files/1.txt")
		}
		g.outputOf(m, fmt.Sprintf("[for f in try(flatten(values(var.%s)), [%s]) : filesha512(f)]", variable, p), "%s", "join(\",\", %s)")
	case 9: // the file is known only when the resource exists
		fmt.Fprintf(&m.text, "resource \"terraform_data\" %q {\n  input = %q\n}\n", name, path.Base(file))
		g.outputOf(m, fmt.Sprintf("\"${%s}/${terraform_data.%s.output}\"", g.path(m, path.Dir(file), 1), name), "file(%s)")
	}
}

// outputOf adds an output of the value p in one of several uses.
func (g *layoutGen) outputOf(m *drawnModule, p string, uses ...string) {
	g.output(m, fmt.Sprintf(rapid.SampledFrom(uses).Draw(g.T, "use"), p))
}
