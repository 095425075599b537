package cloudtest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Work is a build or a task that was started.
type Work struct {
	ID    string // of the build, or ARN of the task
	Token string // that makes it one, however often it is asked for
	// Variables override those of the build's project; Commands are of the
	// buildspec that overrides the project's.
	Variables map[string]string
	Commands  []string
	// Container and Command are of a task.
	Container string
	Command   []string
	// Input is the whole request.
	Input json.RawMessage
}

type work struct {
	Work
	ended  bool
	failed bool
}

func (c *Cloud) startBuild(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		ProjectName, IdempotencyToken, BuildspecOverride string
		EnvironmentVariablesOverride                     []struct{ Name, Value string }
	}
	var spec struct {
		Phases struct{ Build struct{ Commands []string } }
	}
	// A buildspec is YAML, of which JSON is a part.
	if !read(w, body, &in) || in.BuildspecOverride != "" && !read(w, []byte(in.BuildspecOverride), &spec) {
		return
	}
	started := Work{Token: in.IdempotencyToken, Commands: spec.Phases.Build.Commands, Variables: map[string]string{}, Input: body}
	for _, v := range in.EnvironmentVariablesOverride {
		started.Variables[v.Name] = v.Value
	}
	if id := c.start(w, r, started, in.ProjectName+":%d"); id != "" {
		reply(w, http.StatusOK, object{"build": object{"id": id, "buildStatus": "IN_PROGRESS"}})
	}
}

func (c *Cloud) runTask(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		Cluster, TaskDefinition, ClientToken string
		Overrides                            struct {
			ContainerOverrides []struct {
				Name    string
				Command []string
			}
		}
	}
	if !read(w, body, &in) {
		return
	}
	started := Work{Token: in.ClientToken, Input: body}
	for _, o := range in.Overrides.ContainerOverrides {
		started.Container, started.Command = o.Name, o.Command
	}
	if arn := c.start(w, r, started, "arn:aws:ecs:ap-northeast-1:123456789012:task/"+in.Cluster+"/%d"); arn != "" {
		reply(w, http.StatusOK, object{"tasks": []object{{"taskArn": arn, "lastStatus": "PROVISIONING"}}, "failures": []object{}})
	}
}

// start starts work, unless its token was there before, and returns its id;
// "" after it has answered something else.
func (c *Cloud) start(w http.ResponseWriter, r *http.Request, started Work, id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	switch {
	case c.hang:
		c.mu.Unlock()
		<-r.Context().Done()
		c.mu.Lock()
		return ""
	case c.fault != "":
		refuse(w, c.fault, "told to fail")
		return ""
	case len(started.Token) == 0 || len(started.Token) > 64: // ECS takes no longer one
		refuse(w, "InvalidParameterException", "token")
		return ""
	}
	for _, before := range c.works {
		if before.Token == started.Token {
			return before.ID
		}
	}
	started.ID = fmt.Sprintf(id, len(c.works)+1)
	begun := &work{Work: started}
	c.works = append(c.works, begun)
	go func() {
		err := c.run(started)
		c.mu.Lock()
		defer c.mu.Unlock()
		begun.ended, begun.failed = true, err != nil
	}()
	return started.ID
}

func (c *Cloud) builds(w http.ResponseWriter, _ *http.Request, body []byte) {
	var in struct{ IDs []string }
	if !read(w, body, &in) || c.refuseStatus(w) {
		return
	}
	found, missing := []object{}, []string{}
	for _, id := range in.IDs {
		work, ok := c.find(id)
		status := "IN_PROGRESS"
		switch {
		case !ok:
			missing = append(missing, id)
			continue
		case work.failed:
			status = "FAILED"
		case work.ended:
			status = "SUCCEEDED"
		}
		found = append(found, object{"id": id, "buildComplete": work.ended, "buildStatus": status})
	}
	reply(w, http.StatusOK, object{"builds": found, "buildsNotFound": missing})
}

func (c *Cloud) tasks(w http.ResponseWriter, _ *http.Request, body []byte) {
	var in struct{ Tasks []string }
	if !read(w, body, &in) || c.refuseStatus(w) {
		return
	}
	found, missing := []object{}, []object{}
	for _, arn := range in.Tasks {
		work, ok := c.find(arn)
		switch {
		case !ok:
			missing = append(missing, object{"arn": arn, "reason": "MISSING"})
		case work.ended:
			found = append(found, object{"taskArn": arn, "lastStatus": "STOPPED", "stoppedReason": "Essential container in task exited"})
		default:
			found = append(found, object{"taskArn": arn, "lastStatus": "RUNNING"})
		}
	}
	reply(w, http.StatusOK, object{"tasks": found, "failures": missing})
}

func (c *Cloud) find(id string) (work, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.works {
		if w.ID == id {
			return *w, true
		}
	}
	return work{}, false
}
