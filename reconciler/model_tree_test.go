package reconciler_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/internal/stateid"
)

// maxWorkspaces is the maximum number of workspaces in a modelled repository.
const maxWorkspaces = 4

// maxSpares is how many outputs of a workspace come and go.
const maxSpares = 2

// modelTree is the content of a modelled repository at one commit. It is compared with
// ==.
type modelTree struct {
	modules    [2]module // the second calls the first
	workspaces [maxWorkspaces]modelWorkspace
}

type module struct{ value, note int }

// modelWorkspace is a workspace. Its index is its state's identity; its name may change.
type modelWorkspace struct {
	exists        bool
	name          string
	value         int // of a resource
	note          int // in a comment: an input that changes nothing
	output        int
	module        int  // which it calls: 1 or 2; 0: none
	reads         int  // whose state: index plus one, always lower; 0: none
	passesThrough bool // what it reads is its output
	env           bool // a variable of our environment is an input
	planOnly      bool
	asks          bool            // each plan waits for an approval
	failsApply    bool            // applies fail half-way
	spares        [maxSpares]bool // outputs that come and go
	uses          int             // which spare output of what it reads: index plus one; 0: none
	isUnparsable  bool            // does not parse
	rolls         bool            // it is applied in steps, and moves a share
	from, to      int             // the share before and after
}

func stateKey(i int) string { return fmt.Sprintf("k%d", i) }

func stateIdentityOf(i int) stateid.ID { return stateid.ID("s3://states/" + stateKey(i)) }

// indexOfState returns the index of the workspace with that state; -1: none.
func indexOfState(id stateid.ID) int {
	for i := range maxWorkspaces {
		if stateIdentityOf(i) == id {
			return i
		}
	}
	return -1
}

// files returns the repository's files.
func (e *modelTree) files() map[string]string {
	files := map[string]string{
		"modules/one/main.tf": e.modules[0].config(),
		"modules/two/main.tf": e.modules[1].config() + "module \"one\" {\n  source = \"../one\"\n}\n",
	}
	var settings strings.Builder
	for i, s := range e.workspaces {
		if !s.exists {
			continue
		}
		files["env/"+s.name+"/main.tf"] = s.config(i)
		if s.env || s.planOnly || s.asks || s.rolls {
			fmt.Fprintf(&settings, "workspace %q {\n", s.name)
			if s.env {
				settings.WriteString("  env = [\"TF_VAR_size\"]\n")
			}
			if s.planOnly {
				settings.WriteString("  apply = \"plan-only\"\n")
			} else if s.asks {
				settings.WriteString("  apply = \"approve\"\n")
			}
			if s.rolls {
				fmt.Fprintf(&settings, "  progressive {\n    variable = \"progress\"\n    steps = [10, 50, 100]\n    soak = \"10m\"\n    alarms = [%q]\n  }\n", rolloutAlarm)
			}
			settings.WriteString("}\n")
		}
	}
	if settings.Len() > 0 {
		files["env/reconcile.hcl"] = settings.String()
	}
	return files
}

func (m module) config() string {
	return fmt.Sprintf("# note %d\nresource \"terraform_data\" \"this\" {\n  input = \"value %d\"\n}\n", m.note, m.value)
}

// config returns a workspace's configuration: HCL for discovery, and lines that the
// modelled Terraform also understands.
func (s modelWorkspace) config(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "terraform {\n  backend \"s3\" {\n    bucket = \"states\"\n    key = %q\n    region = \"x\"\n    use_lockfile = true\n  }\n}\n", stateKey(i))
	fmt.Fprintf(&b, "# note %d\nresource \"terraform_data\" \"own\" {\n  input = \"value %d\"\n}\n", s.note, s.value)
	if s.module > 0 {
		fmt.Fprintf(&b, "module \"called\" {\n  source = \"../../modules/%s\"\n}\n", []string{"one", "two"}[s.module-1])
	}
	if s.env {
		b.WriteString("variable \"size\" {}\n")
	}
	output := fmt.Sprintf("\"output %d\"", s.output)
	if s.reads > 0 {
		fmt.Fprintf(&b, "data \"terraform_remote_state\" \"up\" {\n  backend = \"s3\"\n  config = {\n    bucket = \"states\"\n    key = %q\n    region = \"x\"\n  }\n}\n", stateKey(s.reads-1))
		if s.passesThrough {
			output = "data.terraform_remote_state.up.outputs.text"
		}
	}
	fmt.Fprintf(&b, "output \"text\" {\n  value = %s\n}\n", output)
	for n, has := range s.spares {
		if has {
			fmt.Fprintf(&b, "output \"spare%d\" {\n  value = true\n}\n", n)
		}
	}
	if s.reads > 0 && s.uses > 0 {
		fmt.Fprintf(&b, "resource \"terraform_data\" \"uses\" {\n  input = data.terraform_remote_state.up.outputs.spare%d\n}\n", s.uses-1)
	}
	if s.failsApply {
		b.WriteString("resource \"terraform_data\" \"breaks\" {\n  input = \"breaks\"\n}\n")
	}
	if s.rolls {
		fmt.Fprintf(&b, "variable \"progress\" {\n  default = 100\n}\n# share %d %d\n", s.from, s.to)
	}
	if s.isUnparsable {
		b.WriteString("{{{\n")
	}
	return b.String()
}

// inputs returns all inputs of a workspace, except upstreams' outputs and our
// environment.
func (e *modelTree) inputs(i int) string {
	s := e.workspaces[i]
	content := fmt.Sprintf("%s env=%t\n%s", s.name, s.env, s.config(i))
	for _, m := range e.modules[:s.module] {
		content += m.config()
	}
	return content
}

// desiredContent returns what the workspace makes, given its upstream's outputs and the
// variable.
func (e *modelTree) desiredContent(i int, upstream, size string) (made stateContent) {
	return e.desiredAt(i, upstream, size, 100)
}

// desiredAt returns what the workspace makes at a number of a rollout.
func (e *modelTree) desiredAt(i int, upstream, size string, number int) (made stateContent) {
	s := e.workspaces[i]
	made.resources = []string{fmt.Sprintf("value %d", s.value)}
	if s.rolls {
		made.resources = append(made.resources, shareAt(s.from, s.to, number))
	}
	if s.failsApply {
		made.resources = append(made.resources, "breaks")
	}
	for _, m := range e.modules[:s.module] {
		made.resources = append(made.resources, fmt.Sprintf("module value %d", m.value))
	}
	if s.reads > 0 {
		made.resources = append(made.resources, "seen "+upstream)
		if s.uses > 0 {
			made.resources = append(made.resources, describeUse(s.uses-1, stateKey(s.reads-1)))
		}
	}
	if s.env {
		made.resources = append(made.resources, "size "+size)
	}
	slices.Sort(made.resources)
	made.spares = s.spares
	made.output = fmt.Sprintf("output %d", s.output)
	if s.passesThrough && s.reads > 0 {
		made.output = upstream
	}
	return made
}

// shareAt returns the resource that stands for the share at a number of a rollout.
func shareAt(from, to, number int) string {
	return fmt.Sprintf("share %d", from+(to-from)*number/100)
}

// stateContent is what a workspace makes.
type stateContent struct {
	resources []string // sorted
	output    string
	spares    [maxSpares]bool
}

// describeUse returns the resource that uses a spare output of another state.
func describeUse(spare int, key string) string { return fmt.Sprintf("uses spare%d of %s", spare, key) }

func isNoUse(resource string) bool { return !strings.HasPrefix(resource, "uses ") }

// outputs returns the text that stands for all outputs.
func (t stateContent) outputs() string {
	text := t.output
	for n, has := range t.spares {
		if has {
			text += fmt.Sprintf(", spare%d", n)
		}
	}
	return text
}

func (t stateContent) equal(u stateContent) bool {
	return t.output == u.output && t.spares == u.spares && slices.Equal(t.resources, u.resources)
}

// indexByName returns the indexes of the existing workspaces by name.
func (e *modelTree) indexByName() map[string]int {
	names := map[string]int{}
	for i, s := range e.workspaces {
		if s.exists {
			names[s.name] = i
		}
	}
	return names
}

// freeNames returns the candidates that no workspace has as its name.
func (e *modelTree) freeNames(candidates []string) []string {
	taken := e.indexByName()
	return slices.DeleteFunc(slices.Clone(candidates), func(name string) bool {
		_, ok := taken[name]
		return ok
	})
}

// join makes a workspace use a spare output of another, which makes it; 0: of none.
func (e *modelTree) join(i, upstream, uses int) {
	e.workspaces[i].reads, e.workspaces[i].uses = upstream, uses
	if upstream > 0 {
		e.workspaces[upstream-1].spares[uses-1] = true
	}
}

// leave makes a workspace read nothing any more, and its upstream delete what it used.
func (e *modelTree) leave(i int) {
	s := &e.workspaces[i]
	if s.reads > 0 && s.uses > 0 {
		e.workspaces[s.reads-1].spares[s.uses-1] = false
	}
	s.reads, s.uses = 0, 0
}

// withoutFailures returns the tree without all that must fail or wait.
func (e modelTree) withoutFailures() modelTree {
	for i := range e.workspaces {
		s := &e.workspaces[i]
		s.failsApply, s.isUnparsable, s.planOnly = false, false, false
		if s.reads > 0 && !e.workspaces[s.reads-1].exists {
			s.reads = 0
		}
		if s.uses > 0 && (s.reads == 0 || !e.workspaces[s.reads-1].spares[s.uses-1]) {
			s.uses = 0
		}
	}
	return e
}

// withoutUses returns the tree where nothing uses an output that comes and goes: what a
// person commits first, where a reader and its upstream wait for each other.
func (e modelTree) withoutUses() modelTree {
	for i := range e.workspaces {
		e.workspaces[i].uses = 0
	}
	return e
}

func (e *modelTree) String() string {
	files := e.files()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "-- %s --\n%s", name, files[name])
	}
	return b.String()
}
