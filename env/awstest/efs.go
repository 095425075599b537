package awstest

import (
	"net/http"
	"strings"
	"sync"
)

// files keeps the backup policies of file systems, of which moto has none
// (Amazon EFS API, PutBackupPolicy and DescribeBackupPolicy).
type files struct {
	mu       sync.Mutex
	policies map[string]any // by path
}

func newFiles() *files { return &files{policies: map[string]any{}} }

func (f *files) serve(c *call, moto func(*call) *answer) *answer {
	if !strings.HasSuffix(c.path, "/backup-policy") {
		return moto(c)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.method == http.MethodPut {
		f.policies[c.path] = c.object()["BackupPolicy"]
	}
	if f.policies[c.path] == nil {
		return c.refuse("PolicyNotFound", "%s is not there", c.path)
	}
	return reply(map[string]any{"BackupPolicy": f.policies[c.path]})
}
