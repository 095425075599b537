package awsfake

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Job is a started build or task.
type Job struct {
	ID    string // id of the build or ARN of the task
	Token string // idempotency token
	// Variables override the variables of the build's project. Commands come from the
	// buildspec override.
	Variables map[string]string
	Commands  []string
	// Container and Command belong to a task.
	Container string
	Command   []string
	// Input is the whole request.
	Input json.RawMessage
}

type jobState struct {
	job       Job
	isDone    bool
	hasFailed bool
}

func (c *Server) startBuild(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		ProjectName, IdempotencyToken, BuildspecOverride string
		EnvironmentVariablesOverride                     []struct{ Name, Value string }
	}
	var spec struct {
		Phases struct{ Build struct{ Commands []string } }
	}
	// A buildspec is YAML; JSON is valid YAML.
	if !decode(w, body, &in) || in.BuildspecOverride != "" && !decode(w, []byte(in.BuildspecOverride), &spec) {
		return
	}
	job := Job{Token: in.IdempotencyToken, Commands: spec.Phases.Build.Commands, Variables: map[string]string{}, Input: body}
	for _, v := range in.EnvironmentVariablesOverride {
		job.Variables[v.Name] = v.Value
	}
	if id := c.start(w, r, job, in.ProjectName+":%d"); id != "" {
		writeReply(w, http.StatusOK, object{"build": object{"id": id, "buildStatus": "IN_PROGRESS"}})
	}
}

func (c *Server) runTask(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		Cluster, TaskDefinition, ClientToken string
		Overrides                            struct {
			ContainerOverrides []struct {
				Name    string
				Command []string
			}
		}
	}
	if !decode(w, body, &in) {
		return
	}
	job := Job{Token: in.ClientToken, Input: body}
	for _, o := range in.Overrides.ContainerOverrides {
		job.Container, job.Command = o.Name, o.Command
	}
	if arn := c.start(w, r, job, "arn:aws:ecs:ap-northeast-1:123456789012:task/"+in.Cluster+"/%d"); arn != "" {
		writeReply(w, http.StatusOK, object{"tasks": []object{{"taskArn": arn, "lastStatus": "PROVISIONING"}}, "failures": []object{}})
	}
}

// start starts a job, unless its token is known, and returns its id. It returns "" if
// it has answered with an error.
func (c *Server) start(w http.ResponseWriter, r *http.Request, job Job, id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startCalls++
	switch {
	case c.neverAnswer:
		c.mu.Unlock()
		<-r.Context().Done()
		c.mu.Lock()
		return ""
	case c.errorCode != "":
		writeError(w, c.errorCode, "told to fail")
		return ""
	case len(job.Token) == 0 || len(job.Token) > 64: // the limit of ECS
		writeError(w, "InvalidParameterException", "token")
		return ""
	}
	for _, other := range c.jobs {
		if other.job.Token == job.Token {
			return other.job.ID
		}
	}
	job.ID = fmt.Sprintf(id, len(c.jobs)+1)
	state := &jobState{job: job}
	c.jobs = append(c.jobs, state)
	go func() {
		err := c.run(job)
		c.mu.Lock()
		defer c.mu.Unlock()
		state.isDone, state.hasFailed = true, err != nil
	}()
	return job.ID
}

func (c *Server) batchGetBuilds(w http.ResponseWriter, _ *http.Request, body []byte) {
	var in struct{ IDs []string }
	if !decode(w, body, &in) || c.refuseStatus(w) {
		return
	}
	found, missing := []object{}, []string{}
	for _, id := range in.IDs {
		state, ok := c.find(id)
		status := "IN_PROGRESS"
		switch {
		case !ok:
			missing = append(missing, id)
			continue
		case state.hasFailed:
			status = "FAILED"
		case state.isDone:
			status = "SUCCEEDED"
		}
		found = append(found, object{"id": id, "buildComplete": state.isDone, "buildStatus": status})
	}
	writeReply(w, http.StatusOK, object{"builds": found, "buildsNotFound": missing})
}

func (c *Server) describeTasks(w http.ResponseWriter, _ *http.Request, body []byte) {
	var in struct{ Tasks []string }
	if !decode(w, body, &in) || c.refuseStatus(w) {
		return
	}
	found, missing := []object{}, []object{}
	for _, arn := range in.Tasks {
		state, ok := c.find(arn)
		switch {
		case !ok:
			missing = append(missing, object{"arn": arn, "reason": "MISSING"})
		case state.isDone:
			found = append(found, object{"taskArn": arn, "lastStatus": "STOPPED", "stoppedReason": "Essential container in task exited"})
		default:
			found = append(found, object{"taskArn": arn, "lastStatus": "RUNNING"})
		}
	}
	writeReply(w, http.StatusOK, object{"tasks": found, "failures": missing})
}

func (c *Server) find(id string) (jobState, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.jobs {
		if w.job.ID == id {
			return *w, true
		}
	}
	return jobState{}, false
}
