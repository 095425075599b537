package reconciler_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// slots is how many workspaces a modelled repository can have.
const slots = 4

// modelEstate is what a modelled repository holds at one commit. It is compared
// with ==.
type modelEstate struct {
	modules [2]module // the second calls the first
	slots   [slots]slot
}

type module struct{ value, note int }

// slot is a workspace. What it is, is its index: where its state lives. Its
// name may change.
type slot struct {
	there    bool
	name     string
	value    int // of a resource
	note     int // in a comment: an input that changes nothing
	output   int
	module   int  // which it calls: 1 or 2; 0: none
	reads    int  // whose state: index plus one, always lower; 0: none
	passes   bool // what it reads is its output
	env      bool // a variable of our environment is an input
	planOnly bool
	breaks   bool // applies fail half-way
	broken   bool // does not parse
}

func key(i int) string { return fmt.Sprintf("k%d", i) }

func identity(i int) string { return "s3://states/" + key(i) }

// slotOf is the index of the workspace with that state; -1: none.
func slotOf(id string) int {
	for i := range slots {
		if identity(i) == id {
			return i
		}
	}
	return -1
}

// files is the estate as a tree.
func (e *modelEstate) files() map[string]string {
	files := map[string]string{
		"modules/one/main.tf": e.modules[0].text(),
		"modules/two/main.tf": e.modules[1].text() + "module \"one\" {\n  source = \"../one\"\n}\n",
	}
	var settings strings.Builder
	for i, s := range e.slots {
		if !s.there {
			continue
		}
		files["env/"+s.name+"/main.tf"] = s.text(i)
		if s.env || s.planOnly {
			fmt.Fprintf(&settings, "workspace %q {\n", s.name)
			if s.env {
				settings.WriteString("  env = [\"TF_VAR_size\"]\n")
			}
			if s.planOnly {
				settings.WriteString("  apply = \"plan-only\"\n")
			}
			settings.WriteString("}\n")
		}
	}
	if settings.Len() > 0 {
		files["env/reconcile.hcl"] = settings.String()
	}
	return files
}

func (m module) text() string {
	return fmt.Sprintf("# note %d\nresource \"terraform_data\" \"this\" {\n  input = \"value %d\"\n}\n", m.note, m.value)
}

// text is a workspace's configuration: HCL for what is real, and lines that
// the modelled Terraform understands too.
func (s slot) text(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "terraform {\n  backend \"s3\" {\n    bucket = \"states\"\n    key = %q\n    region = \"x\"\n    use_lockfile = true\n  }\n}\n", key(i))
	fmt.Fprintf(&b, "# note %d\nresource \"terraform_data\" \"own\" {\n  input = \"value %d\"\n}\n", s.note, s.value)
	if s.module > 0 {
		fmt.Fprintf(&b, "module \"called\" {\n  source = \"../../modules/%s\"\n}\n", []string{"one", "two"}[s.module-1])
	}
	if s.env {
		b.WriteString("variable \"size\" {}\n")
	}
	output := fmt.Sprintf("\"output %d\"", s.output)
	if s.reads > 0 {
		fmt.Fprintf(&b, "data \"terraform_remote_state\" \"up\" {\n  backend = \"s3\"\n  config = {\n    bucket = \"states\"\n    key = %q\n    region = \"x\"\n  }\n}\n", key(s.reads-1))
		if s.passes {
			output = "data.terraform_remote_state.up.outputs.text"
		}
	}
	fmt.Fprintf(&b, "output \"text\" {\n  value = %s\n}\n", output)
	if s.breaks {
		b.WriteString("resource \"terraform_data\" \"breaks\" {\n  input = \"breaks\"\n}\n")
	}
	if s.broken {
		b.WriteString("{{{\n")
	}
	return b.String()
}

// content is all that a workspace is applied from, upstreams' outputs and our
// environment aside.
func (e *modelEstate) content(i int) string {
	s := e.slots[i]
	content := fmt.Sprintf("%s env=%t\n%s", s.name, s.env, s.text(i))
	for _, m := range e.modules[:s.module] {
		content += m.text()
	}
	return content
}

// desired is what the workspace makes, given its upstream's outputs and the
// variable.
func (e *modelEstate) desired(i int, upstream, size string) (made things) {
	s := e.slots[i]
	made.resources = []string{fmt.Sprintf("value %d", s.value)}
	if s.breaks {
		made.resources = append(made.resources, "breaks")
	}
	for _, m := range e.modules[:s.module] {
		made.resources = append(made.resources, fmt.Sprintf("module value %d", m.value))
	}
	if s.reads > 0 {
		made.resources = append(made.resources, "seen "+upstream)
	}
	if s.env {
		made.resources = append(made.resources, "size "+size)
	}
	slices.Sort(made.resources)
	made.output = fmt.Sprintf("output %d", s.output)
	if s.passes && s.reads > 0 {
		made.output = upstream
	}
	return made
}

// things are what a workspace makes.
type things struct {
	resources []string // sorted
	output    string
}

func (t things) equal(u things) bool {
	return t.output == u.output && slices.Equal(t.resources, u.resources)
}

// names are those of the workspaces that are there.
func (e *modelEstate) names() map[string]int {
	names := map[string]int{}
	for i, s := range e.slots {
		if s.there {
			names[s.name] = i
		}
	}
	return names
}

// free is a name that no workspace has.
func (e *modelEstate) free(candidates []string) []string {
	taken := e.names()
	return slices.DeleteFunc(slices.Clone(candidates), func(name string) bool {
		_, ok := taken[name]
		return ok
	})
}

// healthy is the estate with all that must fail or wait taken out.
func (e modelEstate) healthy() modelEstate {
	for i := range e.slots {
		s := &e.slots[i]
		s.breaks, s.broken, s.planOnly = false, false, false
		if s.reads > 0 && !e.slots[s.reads-1].there {
			s.reads = 0
		}
	}
	return e
}

func (e *modelEstate) String() string {
	files := e.files()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "-- %s --\n%s", name, files[name])
	}
	return b.String()
}
