package awstest

import (
	"net/http"
	"strings"
	"sync"
)

// fileSystems stores the backup policies of file systems, which moto lacks (Amazon EFS
// API, PutBackupPolicy and DescribeBackupPolicy).
type fileSystems struct {
	mu       sync.Mutex
	policies map[string]any // by path
}

func newFileSystems() *fileSystems { return &fileSystems{policies: map[string]any{}} }

func (f *fileSystems) serve(c *call, moto func(*call) *response) *response {
	if !strings.HasSuffix(c.path, "/backup-policy") {
		return moto(c)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.method == http.MethodPut {
		f.policies[c.path] = c.bodyObject()["BackupPolicy"]
	}
	if f.policies[c.path] == nil {
		return c.errorResponse("PolicyNotFound", "%s is not there", c.path)
	}
	return jsonResponse(map[string]any{"BackupPolicy": f.policies[c.path]})
}
