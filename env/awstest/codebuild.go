package awstest

import (
	"maps"
	"strings"
	"sync"
)

// builds holds CodeBuild's projects, of which moto keeps a part, refuses those
// without a source, and changes none (AWS CodeBuild API Reference, Project).
type builds struct {
	mu       sync.Mutex
	projects map[string]map[string]any // by ARN
}

func newBuilds() *builds { return &builds{projects: map[string]map[string]any{}} }

func (b *builds) serve(c *call, moto func(*call) *answer) *answer {
	name, isProject := strings.CutSuffix(c.operation, "Project")
	if !isProject && c.operation != "BatchGetProjects" {
		return moto(c)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	in := c.object()
	arn := c.projectARN(text(in["name"]))
	project := b.projects[arn]
	switch {
	case c.operation == "BatchGetProjects":
		return b.found(c, in)
	case name == "Delete":
		delete(b.projects, arn)
		return reply(map[string]any{})
	case name == "Create" && project != nil:
		return c.refuse("ResourceAlreadyExistsException", "%s is there", arn)
	case name == "Create":
		project = map[string]any{"arn": arn, "timeoutInMinutes": 60, "queuedTimeoutInMinutes": 480, "cache": map[string]any{"type": "NO_CACHE"}}
	case name != "Update" || project == nil:
		return c.refuse("ResourceNotFoundException", "%s is not there", arn)
	}
	maps.Copy(project, in)
	b.projects[arn] = project
	return reply(map[string]any{"project": project})
}

// found are the projects that are there of those that are named, or whose ARNs
// are said.
func (b *builds) found(c *call, in map[string]any) *answer {
	found, missing := []any{}, []any{}
	for _, name := range list(in["names"]) {
		if project := b.projects[c.projectARN(text(name))]; project != nil {
			found = append(found, project)
		} else {
			missing = append(missing, name)
		}
	}
	return reply(map[string]any{"projects": found, "projectsNotFound": missing})
}

func (c *call) projectARN(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return "arn:aws:codebuild:" + c.region + ":" + Account + ":project/" + name
}
