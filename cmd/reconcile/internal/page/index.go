package page

import (
	"regexp"
	"slices"
	"strconv"
	"sync"

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/reconciler/backlog"
	"reconcile/reconciler/inspect"
)

// index finds things in a model. It is made once.
type index struct {
	last     map[string]runid.ID // the newest run of each workspace
	runs     map[runid.ID]int    // places in Model.Runs
	subjects map[commitid.ID]string
	readers  map[string][]string
	byName   map[string]inspect.StatusWorkspace
	needs    []need
	web      string // of the repository on Backlog; "" if it is elsewhere
}

func (m *Model) index() *index {
	if m.indexed != nil {
		return m.indexed
	}
	x := &index{last: map[string]runid.ID{}, runs: map[runid.ID]int{}, subjects: map[commitid.ID]string{}, readers: map[string][]string{}, byName: map[string]inspect.StatusWorkspace{}}
	m.indexed = x
	for i, r := range m.Runs {
		x.runs[r.ID] = i
		if r.Subject != "" {
			x.subjects[r.ToCommit] = r.Subject
		}
		for _, w := range r.Workspaces {
			if x.last[w.Name] == "" {
				x.last[w.Name] = r.ID
			}
		}
	}
	for _, w := range m.Status.Workspaces {
		x.byName[w.Name] = w
		for _, up := range w.DependsOn {
			x.readers[up] = append(x.readers[up], w.Name)
		}
	}
	if space, repo, err := backlog.ParseRemote(m.Site.Repo); err == nil {
		x.web = space + "/git/" + repo.Project + "/" + repo.Name
	}
	x.needs = m.needs()
	return x
}

// mergeSubject finds the pull request that a commit merged. It is compiled at its first use.
var mergeSubject = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^merge pull request #([0-9]{1,9})\b`)
})

// pullRequestOf returns the number of the pull request that a commit merged; 0 for none.
func pullRequestOf(subject string) int {
	if match := mergeSubject().FindStringSubmatch(subject); match != nil {
		number, _ := strconv.Atoi(match[1]) // it has nine digits at most
		return number
	}
	return 0
}

// pullRequestURL returns where people read a pull request; "" outside of Backlog.
func (m *Model) pullRequestURL(number, comment int) string {
	if m.index().web == "" {
		return ""
	}
	url := m.index().web + "/pullRequests/" + strconv.Itoa(number)
	if comment != 0 {
		url += "#comment-" + strconv.Itoa(comment)
	}
	return url
}

// commitURL returns where people read a commit; "" outside of Backlog.
func (m *Model) commitURL(commit commitid.ID) string {
	if m.index().web == "" || commit == "" {
		return ""
	}
	return m.index().web + "/commit/" + string(commit)
}

// Summary is a record as index.json has it, for the page above it.
type Summary struct {
	Record      string      `json:"record"`
	Environment string      `json:"environment,omitempty"`
	Repo        string      `json:"repo"`
	Branch      string      `json:"branch"`
	Commit      commitid.ID `json:"commit"`
	Subject     string      `json:"subject,omitempty"`
	Verdict     string      `json:"verdict"` // none, sync, person, behind, working or failed
	Needs       int         `json:"needs"`
	Workspaces  int         `json:"workspaces"`
	CheckedAt   string      `json:"checked_at"`
}

// verdict returns the state of the whole record, as in Summary.
func (m *Model) verdict() string {
	h, needs := m.Status.Head, m.countNeeds()
	switch {
	case h.Commit == "":
		return "none"
	case h.Error != "":
		return "failed"
	case (h.OutOfSyncSince != nil || !h.Settled) && needs > 0:
		return "behind"
	case h.OutOfSyncSince != nil || !h.Settled:
		return "working"
	case needs > 0:
		return "person"
	}
	return "sync"
}

// countNeeds returns how much of what is merged waits for a person.
func (m *Model) countNeeds() int { return len(m.needsNow()) }

func (m *Model) summary() Summary {
	h := m.Status.Head
	return Summary{
		Record: m.Site.Record.Name(), Environment: m.Site.Environment, Repo: m.Site.Repo, Branch: m.Site.Branch, Commit: h.Commit, Subject: m.index().subjects[h.Commit],
		Verdict: m.verdict(), Needs: m.countNeeds(), Workspaces: len(m.Status.Workspaces), CheckedAt: m.At.Format("2006-01-02T15:04:05Z"),
	}
}

// presentWorkspaces returns the workspaces that are in Git.
func (m *Model) presentWorkspaces() []inspect.StatusWorkspace {
	return slices.DeleteFunc(slices.Clone(m.Status.Workspaces), func(w inspect.StatusWorkspace) bool { return w.Removed })
}

// removedWorkspaces returns the workspaces that were removed from Git.
func (m *Model) removedWorkspaces() []inspect.StatusWorkspace {
	return slices.DeleteFunc(slices.Clone(m.Status.Workspaces), func(w inspect.StatusWorkspace) bool { return !w.Removed })
}
