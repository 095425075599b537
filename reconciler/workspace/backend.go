package workspace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"golang.org/x/text/unicode/norm"

	"reconcile/internal/gitpath"
	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/settings"
)

// Backend describes where a workspace stores its Terraform state.
type Backend struct {
	Type   string            // "local" when the configuration names none
	Path   string            // path of a local state, in the repository
	Config map[string]string // arguments that determine the location of the state; no credentials
	// Unlocked says where and why the state is not locked; nil: the backend can lock it, and
	// that is configured.
	Unlocked error
}

// LocalBackend is the type of the backend that keeps the state in a file.
const LocalBackend = "local"

// resolveBackend finds where a workspace stores its state, and whether the state is locked.
func (e *evaluation) resolveBackend(w *Workspace, s *module.Scope) {
	block := s.Module.Backend
	if block == nil {
		block = &module.BackendBlock{Kind: LocalBackend, File: w.Path}
	}
	r := &backendReader{evaluation: e, workspace: w, block: block}
	if !r.checkKind() {
		return
	}
	args, fileValues := r.readArgs(s)
	if !r.checkArgs(args) {
		return
	}
	cliWorkspace := w.Config.CLIWorkspaceName()
	w.Backend = Backend{Type: block.Kind, Config: locationArgs(block.Kind, args), Unlocked: r.checkLocking(args)}
	w.Identity = identityOf(w.Path, block.Kind, args, cliWorkspace)
	w.backendText = backendTextOf(args, block, fileValues)
	if block.Kind != LocalBackend {
		return
	}
	w.Backend.Path = localStatePath(w.Path, w.Backend.Config, cliWorkspace)
	if path.IsAbs(w.Backend.Path) {
		format := "this state is stored beside the record, not at %s, where a terraform_remote_state would look: use a path in the repository, or none"
		e.warnings = append(e.warnings, hcleval.ProblemAt(block.File, backendRange(block), format, w.Backend.Path))
	}
}

// backendReader reads the backend block of one workspace.
type backendReader struct {
	evaluation *evaluation
	workspace  *Workspace
	block      *module.BackendBlock
}

func (r *backendReader) addProblem(format string, args ...any) {
	p := hcleval.ProblemAt(r.block.File, backendRange(r.block), format, args...)
	r.evaluation.problems = append(r.evaluation.problems, p)
}

// checkKind reports whether the block may stand where it does, and its backend runs here.
func (r *backendReader) checkKind() bool {
	block := r.block
	if block.InOverrideFile {
		r.addProblem("an override file cannot set the backend: move the %s block into a .tf file that is no override", block.Kind)
		return false
	}
	if block.Kind == "cloud" || block.Kind == "remote" {
		each := ""
		if block.HasSeveralWorkspaces() {
			each = ", and give each of its workspaces its own directory"
		}
		r.addProblem("backend %q runs Terraform remotely, which is not supported: use another backend, such as s3%s", block.Kind, each)
		return false
	}
	return true
}

// readArgs returns the arguments of the block, and over them those of the file that the settings
// name. fileValues are the values of that file.
func (r *backendReader) readArgs(s *module.Scope) (args map[string]string, fileValues map[string]cty.Value) {
	args = map[string]string{}
	for name, d := range r.block.Arguments {
		switch v := s.Evaluate(d.Expression, nil); {
		case hcleval.IsNull(v):
		case v.IsWhollyKnown():
			args[name] = hcleval.ScalarText(v)
		default:
			r.addProblem("backend %q: %s is not known before Terraform runs: use a constant", r.block.Kind, name)
		}
	}
	if file := r.workspace.Config.BackendConfig; file != "" {
		var problems []*hcleval.Problem
		fileValues, problems = r.evaluation.modules.ReadAttributes(file)
		r.evaluation.problems = append(r.evaluation.problems, problems...)
		for name, v := range fileValues {
			args[name] = hcleval.ScalarText(v)
		}
	}
	return args, fileValues
}

// checkArgs reports whether the arguments say where the state is, and fit the workspace's CLI
// workspace.
func (r *backendReader) checkArgs(args map[string]string) bool {
	kind, w := r.block.Kind, r.workspace
	for _, name := range requiredArgs[kind] {
		if args[name] == "" {
			r.addProblem("backend %q: %s is not set: set it here or in the environment's backend_config in %s", kind, name, settings.FileName)
			return false
		}
	}
	for _, name := range []string{"workspace_key_prefix", "workspace_dir"} {
		if args[name] != "" && w.Config.CLIWorkspace == "" {
			r.addProblem("backend %q: %s is set, but %s, or remove %[2]s", kind, name, noEntriesText(w.Path))
			return false
		}
	}
	if kind == "http" && w.Config.CLIWorkspaceName() != settings.DefaultCLIWorkspace {
		r.addProblem("backend %q has one state, and no Terraform CLI workspaces: use another backend, or give workspace %s a directory of its own", kind, w.Name)
		return false
	}
	return true
}

// checkLocking returns why the state is not locked; nil if it is.
func (r *backendReader) checkLocking(args map[string]string) error {
	kind, w := r.block.Kind, r.workspace
	if _, isKnown := locationDefaults[kind]; !isKnown {
		return hcleval.ProblemAt(r.block.File, backendRange(r.block), "nobody knows whether the backend %q of %s locks: correct its name, or set allow_unlocked = true for it in reconcile.hcl", kind, w.Name)
	}
	if !hasLocking(kind, args) {
		return hcleval.ProblemAt(r.block.File, backendRange(r.block), "the %s backend of %s does not lock: make it lock (s3: use_lockfile = true), or set allow_unlocked = true for it in reconcile.hcl", kind, w.Name)
	}
	return nil
}

// Check returns an error if Terraform, after init, uses another backend or another state
// location than the configuration was read to say.
func (b Backend) Check(kind string, args map[string]string) error {
	if actual := locationArgs(kind, args); kind != b.Type || !maps.Equal(actual, b.Config) {
		return fmt.Errorf("the configuration sets backend %q at %v, but terraform init used %q at %v: set the backend in one place, with constants", b.Type, b.Config, kind, actual)
	}
	return nil
}

// backendTextOf returns the settings of a backend as text, in a fixed order.
func backendTextOf(args map[string]string, block *module.BackendBlock, values map[string]cty.Value) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(args)) {
		text.WriteString(name + "=" + args[name] + "\n")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		text.WriteString(name + "=" + values[name].GoString() + "\n")
	}
	if block.Block != nil {
		for _, st := range module.SettingsOf(block.Block.Body, "", "") {
			fmt.Fprintf(&text, "%s %s\n", st.Path, st.Key("", hcleval.ConstantValue))
		}
	}
	return text.String()
}

// requiredArgs lists, by backend, the arguments without which the location is unknown.
var requiredArgs = map[string][]string{
	"s3": {"bucket", "key"}, "gcs": {"bucket"}, "azurerm": {"storage_account_name", "container_name", "key"},
	"http": {"address"}, "consul": {"path"}, "kubernetes": {"secret_suffix"}, "oss": {"bucket"}, "cos": {"bucket"}, "oci": {"bucket", "namespace"},
}

// locationDefaults lists, by backend, the arguments that determine the location of the
// state, with their defaults. For an unknown backend, every argument counts that does not
// look like a credential.
var locationDefaults = map[string]map[string]string{
	"s3":         {"bucket": "", "key": "", "region": "", "workspace_key_prefix": ""},
	LocalBackend: {"path": "", "workspace_dir": ""},
	"gcs":        {"bucket": "", "prefix": ""},
	"azurerm":    {"storage_account_name": "", "container_name": "", "key": ""},
	"http":       {"address": ""},
	"consul":     {"address": "", "path": ""},
	"kubernetes": {"namespace": "default", "secret_suffix": ""},
	"pg":         {"conn_str": "", "schema_name": "terraform_remote_state"},
	"oss":        {"bucket": "", "prefix": "env:", "key": "terraform.tfstate"},
	"cos":        {"bucket": "", "prefix": "terraform/state", "key": "terraform.tfstate"},
	"oci":        {"bucket": "", "namespace": "", "key": "terraform.tfstate"},
}

func locationArgs(kind string, args map[string]string) map[string]string {
	out := map[string]string{}
	known, ok := locationDefaults[kind]
	if !ok {
		for name, text := range args {
			if !isSecretArg(name) {
				out[name] = stripCredentials(text)
			}
		}
		return out
	}
	for name, fallback := range known {
		text := args[name]
		if text == "" {
			text = fallback
		}
		if text != "" {
			out[name] = stripCredentials(text)
		}
	}
	return out
}

func isSecretArg(name string) bool {
	for _, part := range []string{"pass", "secret", "token", "key", "cred", "user", "conn", "cert"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// stripCredentials removes credentials from a URL.
func stripCredentials(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		if strings.Contains(text, "password=") { // a PostgreSQL connection string of keywords and values
			return ""
		}
		return text
	}
	u.User = nil
	if strings.Contains(u.RawQuery, "password") || strings.Contains(u.RawQuery, "token") {
		u.RawQuery = ""
	}
	return u.String()
}

// identityOf returns the identity of a state: the same text for the workspace that owns the
// state and for its readers. Terraform runs in dir. Parts may contain "*" for any text.
func identityOf(dir, kind string, args map[string]string, workspace string) stateid.ID {
	t := locationArgs(kind, args)
	switch kind {
	case "s3":
		return stateid.ID("s3://" + t["bucket"] + "/" + s3StateKey(t["key"], t["workspace_key_prefix"], workspace))
	case LocalBackend:
		return identityOfLocal(localStatePath(dir, t, workspace))
	}
	if workspace != settings.DefaultCLIWorkspace {
		t["workspace"] = workspace
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(t) // encoding a map of strings never fails; keys are sorted
	return stateid.ID(kind + ":" + strings.TrimSpace(text.String()))
}

// CutLocalState returns the path of a local state within the directory of its workspace; isLocal
// is false for any other state.
func CutLocalState(identity stateid.ID, dir string) (file string, isLocal bool) {
	return strings.CutPrefix(string(identity), string(identityOfLocal(gitpath.Join(dir, ""))))
}

// LocalIdentityPrefix is the prefix of the identity of a local state; its path in the
// repository follows.
const LocalIdentityPrefix = "local:"

// identityOfLocal returns the identity of the state at a path of the repository. Readers name
// the path in their configuration, where HCL normalizes all text to NFC.
func identityOfLocal(path string) stateid.ID {
	return stateid.ID(LocalIdentityPrefix + norm.NFC.String(path))
}

// s3StateKey returns the S3 key of the state of a Terraform CLI workspace.
func s3StateKey(key, prefix, workspace string) string {
	if prefix == "" {
		prefix = "env:"
	}
	switch {
	case workspace == settings.DefaultCLIWorkspace:
		return key
	case strings.HasPrefix(workspace, "*"): // may be the default workspace
		return "*" + key
	default:
		return prefix + "/" + workspace + "/" + key
	}
}

func localStatePath(dir string, t map[string]string, workspace string) string {
	file := t["path"]
	if workspace != settings.DefaultCLIWorkspace {
		statesDir := t["workspace_dir"]
		if statesDir == "" {
			statesDir = "terraform.tfstate.d"
		}
		file = path.Join(statesDir, workspace, "terraform.tfstate")
	}
	switch {
	case file == "":
		return path.Join(dir, "terraform.tfstate")
	case strings.HasPrefix(file, "*"), strings.HasPrefix(file, module.RepoRoot+"/*"):
		return "*"
	case strings.HasPrefix(file, module.RepoRoot+"/"):
		return path.Clean(strings.TrimPrefix(file, module.RepoRoot+"/"))
	case path.IsAbs(file):
		return path.Clean(file)
	default:
		return path.Join(dir, file)
	}
}

// hasLocking reports whether a backend can lock the state and is configured to.
func hasLocking(kind string, args map[string]string) bool {
	switch kind {
	case "s3":
		return args["use_lockfile"] == "true" || args["dynamodb_table"] != ""
	case "http":
		return args["lock_address"] != ""
	case "oss":
		return args["tablestore_table"] != ""
	case "consul":
		return args["lock"] != "false"
	case LocalBackend, "azurerm", "gcs", "kubernetes", "pg", "cos", "oci":
		return true
	}
	return false
}
