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
func (t *modelTree) files() map[string]string {
	files := map[string]string{
		"modules/one/main.tf": t.modules[0].config(),
		"modules/two/main.tf": t.modules[1].config() + "module \"one\" {\n  source = \"../one\"\n}\n",
	}
	var settings strings.Builder
	for i, s := range t.workspaces {
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
func (w modelWorkspace) config(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "terraform {\n  backend \"s3\" {\n    bucket = \"states\"\n    key = %q\n    region = \"x\"\n    use_lockfile = true\n  }\n}\n", stateKey(i))
	fmt.Fprintf(&b, "# note %d\nresource \"terraform_data\" \"own\" {\n  input = \"value %d\"\n}\n", w.note, w.value)
	if w.module > 0 {
		fmt.Fprintf(&b, "module \"called\" {\n  source = \"../../modules/%s\"\n}\n", []string{"one", "two"}[w.module-1])
	}
	if w.env {
		b.WriteString("variable \"size\" {}\n")
	}
	output := fmt.Sprintf("\"output %d\"", w.output)
	if w.reads > 0 {
		fmt.Fprintf(&b, "data \"terraform_remote_state\" \"up\" {\n  backend = \"s3\"\n  config = {\n    bucket = \"states\"\n    key = %q\n    region = \"x\"\n  }\n}\n", stateKey(w.reads-1))
		if w.passesThrough {
			output = "data.terraform_remote_state.up.outputs.text"
		}
	}
	fmt.Fprintf(&b, "output \"text\" {\n  value = %s\n}\n", output)
	for n, has := range w.spares {
		if has {
			fmt.Fprintf(&b, "output \"spare%d\" {\n  value = true\n}\n", n)
		}
	}
	if w.reads > 0 && w.uses > 0 {
		fmt.Fprintf(&b, "resource \"terraform_data\" \"uses\" {\n  input = data.terraform_remote_state.up.outputs.spare%d\n}\n", w.uses-1)
	}
	if w.failsApply {
		b.WriteString("resource \"terraform_data\" \"breaks\" {\n  input = \"breaks\"\n}\n")
	}
	if w.rolls {
		fmt.Fprintf(&b, "variable \"progress\" {\n  default = 100\n}\n# share %d %d\n", w.from, w.to)
	}
	if w.isUnparsable {
		b.WriteString("{{{\n")
	}
	return b.String()
}

// inputs returns all inputs of a workspace, except upstreams' outputs and our
// environment.
func (t *modelTree) inputs(i int) string {
	s := t.workspaces[i]
	content := fmt.Sprintf("%s env=%t\n%s", s.name, s.env, s.config(i))
	for _, m := range t.modules[:s.module] {
		content += m.config()
	}
	return content
}

// desiredContent returns what the workspace makes, given its upstream's outputs and the
// variable.
func (t *modelTree) desiredContent(i int, upstream, size string) (made stateContent) {
	return t.desiredAt(i, upstream, size, 100)
}

// desiredAt returns what the workspace makes at a number of a rollout.
func (t *modelTree) desiredAt(i int, upstream, size string, number int) (made stateContent) {
	s := t.workspaces[i]
	made.resources = []string{fmt.Sprintf("value %d", s.value)}
	if s.rolls {
		made.resources = append(made.resources, shareAt(s.from, s.to, number))
	}
	if s.failsApply {
		made.resources = append(made.resources, "breaks")
	}
	for _, m := range t.modules[:s.module] {
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
func (c stateContent) outputs() string {
	text := c.output
	for n, has := range c.spares {
		if has {
			text += fmt.Sprintf(", spare%d", n)
		}
	}
	return text
}

func (c stateContent) equal(u stateContent) bool {
	return c.output == u.output && c.spares == u.spares && slices.Equal(c.resources, u.resources)
}

// indexByName returns the indexes of the existing workspaces by name.
func (t *modelTree) indexByName() map[string]int {
	names := map[string]int{}
	for i, s := range t.workspaces {
		if s.exists {
			names[s.name] = i
		}
	}
	return names
}

// freeNames returns the candidates that no workspace has as its name.
func (t *modelTree) freeNames(candidates []string) []string {
	taken := t.indexByName()
	return slices.DeleteFunc(slices.Clone(candidates), func(name string) bool {
		_, ok := taken[name]
		return ok
	})
}

// join makes a workspace use a spare output of another, which makes it; 0: of none.
func (t *modelTree) join(i, upstream, uses int) {
	t.workspaces[i].reads, t.workspaces[i].uses = upstream, uses
	if upstream > 0 {
		t.workspaces[upstream-1].spares[uses-1] = true
	}
}

// leave makes a workspace read nothing any more, and its upstream delete what it used.
func (t *modelTree) leave(i int) {
	s := &t.workspaces[i]
	if s.reads > 0 && s.uses > 0 {
		t.workspaces[s.reads-1].spares[s.uses-1] = false
	}
	s.reads, s.uses = 0, 0
}

// withoutFailures returns the tree without all that must fail or wait.
func (t modelTree) withoutFailures() modelTree {
	for i := range t.workspaces {
		s := &t.workspaces[i]
		s.failsApply, s.isUnparsable, s.planOnly = false, false, false
		if s.reads > 0 && !t.workspaces[s.reads-1].exists {
			s.reads = 0
		}
		if s.uses > 0 && (s.reads == 0 || !t.workspaces[s.reads-1].spares[s.uses-1]) {
			s.uses = 0
		}
	}
	return t
}

// withoutUses returns the tree where nothing uses an output that comes and goes: what a
// person commits first, where a reader and its upstream wait for each other.
func (t modelTree) withoutUses() modelTree {
	for i := range t.workspaces {
		t.workspaces[i].uses = 0
	}
	return t
}

func (t *modelTree) String() string {
	files := t.files()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "-- %s --\n%s", name, files[name])
	}
	return b.String()
}
