package awstest

import (
	"maps"
	"strings"
	"sync"
)

// codeBuildProjects implements CodeBuild's projects. moto stores only a part of a
// project, refuses projects without a source, and changes none (AWS CodeBuild API
// Reference, Project).
type codeBuildProjects struct {
	mu       sync.Mutex
	projects map[string]map[string]any // by ARN
}

func newCodeBuildProjects() *codeBuildProjects {
	return &codeBuildProjects{projects: map[string]map[string]any{}}
}

func (b *codeBuildProjects) serve(c *call, moto func(*call) *response) *response {
	name, isProject := strings.CutSuffix(c.operation, "Project")
	if !isProject && c.operation != "BatchGetProjects" {
		return moto(c)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	in := c.bodyObject()
	arn := c.projectARN(asString(in["name"]))
	project := b.projects[arn]
	switch {
	case c.operation == "BatchGetProjects":
		return b.batchGet(c, in)
	case name == "Delete":
		delete(b.projects, arn)
		return jsonResponse(map[string]any{})
	case name == "Create" && project != nil:
		return c.errorResponse("ResourceAlreadyExistsException", "%s is there", arn)
	case name == "Create":
		project = map[string]any{"arn": arn, "timeoutInMinutes": 60, "queuedTimeoutInMinutes": 480, "cache": map[string]any{"type": "NO_CACHE"}}
	case name != "Update" || project == nil:
		return c.errorResponse("ResourceNotFoundException", "%s is not there", arn)
	}
	maps.Copy(project, in)
	b.projects[arn] = project
	return jsonResponse(map[string]any{"project": project})
}

// batchGet returns the existing projects among the requested names or ARNs.
func (b *codeBuildProjects) batchGet(c *call, in map[string]any) *response {
	found, missing := []any{}, []any{}
	for _, name := range asList(in["names"]) {
		if project := b.projects[c.projectARN(asString(name))]; project != nil {
			found = append(found, project)
		} else {
			missing = append(missing, name)
		}
	}
	return jsonResponse(map[string]any{"projects": found, "projectsNotFound": missing})
}

func (c *call) projectARN(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return "arn:aws:codebuild:" + c.region + ":" + c.account + ":project/" + name
}
