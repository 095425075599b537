package reconciler_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reconcile/internal/commitid"
	"reconcile/internal/stateid"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/state"
)

// residue is what passes leave, without what differs between two passes with the same
// result: runs, times, tokens, serial numbers, generated ids.
type residue struct {
	Head       state.Head
	Workspaces map[string]state.Workspace
	Held       []stateid.ID          // leases, except those of processes known to be dead
	States     map[string]string     // Terraform's
	Locks      []string              // Terraform's, left by killed processes
	Snapshots  map[commitid.ID]int64 // commits, and the archives' sizes
}

func readResidue(t *testing.T, p reconcilertest.Spec) residue {
	t.Helper()
	ctx := t.Context()
	record := openRecord(t, p)
	head, err := record.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	workspaces, err := record.Workspaces(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r := residue{Head: head, Workspaces: workspaces, States: map[string]string{}, Snapshots: map[commitid.ID]int64{}}
	r.Head.Rev, r.Head.Run, r.Head.UpdatedAt = 0, "", time.Time{}
	states := readStates(t, p)
	for name, ws := range r.Workspaces {
		file := name + ".tfstate"
		if p.S3 != "" { // a renamed workspace retains its key
			file = path.Base(string(ws.Identity))
		}
		if now := versionOf(t, states[file]); ws.Attempt == nil && ws.Trace != nil && *ws.State != now {
			t.Errorf("%s: its state is %+v, and recorded as %+v", name, now, ws.State)
		}
		ws.State = nil
		ws.Rev, ws.Run, ws.OutcomeAt = 0, "", time.Time{}
		if ws.Outcome == state.Applied {
			// Applied, killed and planned again: there is nothing to change.
			ws.Outcome = state.NoChanges
		}
		ws.Changes, ws.PlanDigest, ws.Risk = state.Changes{}, "", ""
		r.Workspaces[name] = ws
	}
	for identity, lease := range readLeases(t, p) {
		if dead, known := lease.Process.IsDead(); lease.Owner != "" && !(dead && known) {
			r.Held = append(r.Held, identity)
		}
	}
	for name, content := range states {
		if strings.HasSuffix(name, ".tflock") {
			r.Locks = append(r.Locks, name)
			continue
		}
		r.States[name] = normalizeState(t, content)
	}
	snapshots, err := p.OpenSnapshots(ctx)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := snapshots.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stored {
		r.Snapshots[s.Commit] = s.Size
	}
	return r
}

func readLeases(t *testing.T, p reconcilertest.Spec) map[stateid.ID]state.LeaseItem {
	t.Helper()
	leases, err := openRecord(t, p).Leases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return leases
}

func openRecord(t *testing.T, p reconcilertest.Spec) *state.Record {
	t.Helper()
	store, err := p.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	return state.New(store, "test", state.Options{})
}

// readStates returns Terraform's states, and its locks on them, by their names.
func readStates(t *testing.T, p reconcilertest.Spec) map[string]string {
	t.Helper()
	states := map[string]string{}
	if p.S3 != "" {
		for key, content := range readObjects(t, p) {
			if name, ok := strings.CutPrefix(key, "states/"); ok {
				states[name] = content
			}
		}
		return states
	}
	found, err := filepath.Glob(filepath.Join(p.Home, "tfstate", "*.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		states[filepath.Base(file)] = string(content)
	}
	return states
}

// versionOf returns the version of the state in a file of Terraform's.
func versionOf(t *testing.T, content string) (now state.TerraformState) {
	t.Helper()
	if content != "" {
		if err := json.Unmarshal([]byte(content), &now); err != nil {
			t.Fatalf("a state that is no JSON: %v\n%s", err, content)
		}
	}
	return now
}

// normalizeState returns a state's outputs and resources, without ids that are generated
// again in every environment.
func normalizeState(t *testing.T, content string) string {
	t.Helper()
	var now struct {
		Outputs   any
		Resources []struct {
			Module, Mode, Type, Name string
			Instances                []struct {
				Status     string // tainted
				Attributes map[string]any
			}
		}
	}
	if content != "" {
		if err := json.Unmarshal([]byte(content), &now); err != nil {
			t.Fatalf("a state that is no JSON: %v\n%s", err, content)
		}
	}
	for _, resource := range now.Resources {
		if resource.Module == "" {
			continue // made once, and never again
		}
		for _, instance := range resource.Instances {
			delete(instance.Attributes, "id")
		}
	}
	text, err := json.MarshalIndent(now, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readObjects returns all objects of an environment in S3, by key.
func readObjects(t *testing.T, p reconcilertest.Spec) map[string]string {
	t.Helper()
	client := p.S3Client()
	objects := map[string]string{}
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String(reconcilertest.Bucket)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range page.Contents {
			got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(reconcilertest.Bucket), Key: object.Key})
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(got.Body)
			if err != nil {
				t.Fatal(err)
			}
			got.Body.Close()
			objects[*object.Key] = string(content)
		}
	}
	return objects
}

// homeFS is an environment's home without its work directory.
type homeFS struct{ fs.FS }

func (f homeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, name)
	if name != "." {
		return entries, err
	}
	var remaining []fs.DirEntry
	for _, e := range entries {
		if e.Name() != "work" {
			remaining = append(remaining, e)
		}
	}
	return remaining, err
}
