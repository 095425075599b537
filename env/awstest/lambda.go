package awstest

import (
	"maps"
	"regexp"
	"sync"
)

// functions stores the log settings of functions, which moto drops (AWS Lambda API
// Reference, LoggingConfig).
type functions struct {
	mu   sync.Mutex
	logs map[string]any // by Region and function
}

func newFunctions() *functions { return &functions{logs: map[string]any{}} }

var functionPath = regexp.MustCompile(`^/2015-03-31/functions(?:/([^/]+)(?:/(?:code|configuration))?)?/?$`)

func (f *functions) serve(c *call, moto func(*call) *response) *response {
	got := moto(c)
	path := functionPath.FindStringSubmatch(c.path)
	if path == nil {
		return got
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	in, out := c.bodyObject(), decodeObject(got.body)
	function := c.region + "/" + path[1] + asString(in["FunctionName"])
	if in["LoggingConfig"] != nil {
		f.logs[function] = in["LoggingConfig"]
	}
	logging := map[string]any{"LoggingConfig": f.logs[function]}
	switch configuration, isWhole := out["Configuration"].(map[string]any); {
	case logging["LoggingConfig"] == nil:
		return got
	case isWhole:
		maps.Copy(configuration, logging)
	case out["FunctionName"] != nil:
		maps.Copy(out, logging)
	}
	got.body = marshal(out)
	return got
}
