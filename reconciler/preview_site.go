package reconciler

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
)

// openPreview is for code that nobody has approved: it has a checkout of its
// own, which is gone when it is closed. A process that plans nothing but one
// pull request shares its folder with nobody, and has it where passes do.
func (l *look) openPreview(p *pass) *site {
	site := p.openReadOnly(l.merged)
	if !l.alone {
		site.home = filepath.Join(l.Work, "preview", "checkout", fileName(l.Name))
	}
	trust := l.settings.Preview()
	site.trust = &trust
	return site
}

// clear removes what code that nobody has approved may have written into its
// checkout.
func (s *site) clear() {
	if s.trust == nil {
		return
	}
	if err := os.RemoveAll(filepath.Join(s.home, checkoutTree)); err != nil {
		s.log.Warn("the checkout of a pull request could not be removed", "error", err)
	}
}

// distrust has Terraform confine the job.
func (s *site) distrust(job *terraform.Job, ws *workspace.Workspace) {
	job.Untrusted, job.Only = true, s.trust.ProviderNames()
	job.At = filepath.Join(s.passHome(), checkoutTree)
	job.Modules = s.modulesOf(ws)
	job.Offline = ws.Backend.Type == "local"
	for _, read := range ws.Reads {
		job.Offline = job.Offline && strings.HasPrefix(read, localPrefix)
	}
}

// modulesOf are the directories that a workspace is made from beside its own,
// but for those in which other workspaces are worked on.
func (s *site) modulesOf(ws *workspace.Workspace) (dirs []string) {
	for _, input := range ws.Inputs {
		shared := false
		for _, other := range s.work.items {
			shared = shared || within(input, other.Path) || within(other.Path, input)
		}
		if info, err := s.work.commit.Tree.Lstat(input); err == nil && info.IsDir() && !shared {
			dirs = append(dirs, input)
		}
	}
	return dirs
}

// within tells whether a path is a directory or lies in it.
func within(name, dir string) bool {
	return dir == "." || name == dir || strings.HasPrefix(name, dir+"/")
}

// shareOutputs puts the outputs of the states with a local backend that a
// workspace reads where it looks for them, and nothing else that is in these
// states.
func (s *site) shareOutputs(dir string, it *item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, up := range s.work.graph.DependsOn(it.Name) {
		place, local := strings.CutPrefix(s.work.identity(s.work.items[up]), localPrefix)
		if !local || s.LocalState == "" || s.work.commit.Tree.ID(place) != workspace.Absent {
			continue
		}
		content, err := os.ReadFile(s.statePath(up))
		if errors.Is(err, fs.ErrNotExist) {
			continue // never applied: Terraform says so
		}
		if err == nil {
			content, err = onlyOutputs(content)
		}
		if err == nil {
			err = errors.Join(root.MkdirAll(path.Dir(place), 0o755), root.WriteFile(place, content, 0o600))
		}
		if err != nil {
			return fmt.Errorf("show %s the outputs of %s: %w", it.Name, up, err)
		}
	}
	return nil
}

// onlyOutputs is a state without its resources. One that is encrypted stays as
// it is.
func onlyOutputs(content []byte) ([]byte, error) {
	var state map[string]json.RawMessage
	if err := json.Unmarshal(content, &state); err != nil {
		return nil, err
	}
	for name := range state {
		switch name {
		case "resources", "check_results":
			state[name] = json.RawMessage("[]")
		}
	}
	return json.Marshal(state)
}
