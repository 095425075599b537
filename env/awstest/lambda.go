package awstest

import (
	"maps"
	"regexp"
	"sync"
)

// functions keeps where functions log, which moto forgets (AWS Lambda API
// Reference, LoggingConfig).
type functions struct {
	mu   sync.Mutex
	logs map[string]any // by Region and function
}

func newFunctions() *functions { return &functions{logs: map[string]any{}} }

var functionPath = regexp.MustCompile(`^/2015-03-31/functions(?:/([^/]+)(?:/(?:code|configuration))?)?/?$`)

func (f *functions) serve(c *call, moto func(*call) *answer) *answer {
	got := moto(c)
	path := functionPath.FindStringSubmatch(c.path)
	if path == nil {
		return got
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	in, out := c.object(), object(got.body)
	function := c.region + "/" + path[1] + text(in["FunctionName"])
	if in["LoggingConfig"] != nil {
		f.logs[function] = in["LoggingConfig"]
	}
	told := map[string]any{"LoggingConfig": f.logs[function]}
	switch configuration, isWhole := out["Configuration"].(map[string]any); {
	case told["LoggingConfig"] == nil:
		return got
	case isWhole:
		maps.Copy(configuration, told)
	case out["FunctionName"] != nil:
		maps.Copy(out, told)
	}
	got.body = marshal(out)
	return got
}
