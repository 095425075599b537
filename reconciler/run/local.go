package run

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// PassDir returns the directory that contains the checkout of passes. One that the version
// before made stays where it is: it may hold a state that could not be written, and
// configurations may mention its path. Its name is not unique.
func (c *Config) PassDir() string {
	parent := filepath.Join(c.WorkDir, "checkout")
	old := filepath.Join(parent, strings.NewReplacer("/", "_", "\\", "_", ":", "_", "@", "_").Replace(c.RecordName))
	if info, err := os.Stat(filepath.Join(old, CheckoutTree)); err == nil && info.IsDir() {
		return old
	}
	return filepath.Join(parent, state.DirName(c.RecordName))
}

// MaxCheckouts is the number of checkouts of passes, and so of passes that may run at once in
// one process.
const MaxCheckouts = 4

// CheckoutDirs returns the directories that contain the checkouts, by their numbers: PassDir
// for 0.
func (c *Config) CheckoutDirs() (dirs [MaxCheckouts]string) {
	dirs[0] = c.PassDir()
	for number := 1; number < MaxCheckouts; number++ {
		dirs[number] = filepath.Join(dirs[0], "beside-"+strconv.Itoa(number))
	}
	return dirs
}

// CheckoutTree is the directory of the tree, next to the lock.
const CheckoutTree = "tree"

// LocalStatePath returns the path of a workspace's local state. It is in NFC, because
// Terraform converts every text of its configuration to NFC.
func (c *Config) LocalStatePath(name string) string {
	return filepath.Join(c.LocalState, norm.NFC.String(filepath.FromSlash(name))+".tfstate")
}

// HasLocalState reports whether the state of a workspace is a file in our directory.
func (c *Config) HasLocalState(rec state.Workspace) bool {
	return strings.HasPrefix(string(rec.Identity), workspace.LocalIdentityPrefix) && c.LocalState != ""
}

// LeaseIdentity returns the identity of a workspace's lease: that of its state. A local
// state's is only a path in the repository, so the record's name is added. A workspace
// that never parsed has none and uses its own name.
func (c *Config) LeaseIdentity(name string, identity stateid.ID) stateid.ID {
	switch {
	case identity == "":
		return stateid.ID("workspace:" + c.RecordName + "/" + name)
	case strings.HasPrefix(string(identity), workspace.LocalIdentityPrefix):
		return stateid.ID(workspace.LocalIdentityPrefix + c.RecordName + "/" + strings.TrimPrefix(string(identity), workspace.LocalIdentityPrefix))
	}
	return identity
}

// DescribeStateAt returns where people find the state with this identity. A local state
// lies in the record's own directory.
func (c *Config) DescribeStateAt(name string, identity stateid.ID) string {
	if strings.HasPrefix(string(identity), workspace.LocalIdentityPrefix) && c.LocalState != "" {
		return c.LocalStatePath(name)
	}
	return string(identity)
}

// FindOrphanedState returns where the state of a removed workspace lies if no other workspace has
// it; else "". An apply that was to move the state and did not succeed has left two.
func (c *Config) FindOrphanedState(removed state.Workspace, hasOwner func(stateid.ID) bool) string {
	if removed.Identity == "" || removed.Trace == nil && removed.Attempt == nil {
		return "" // nothing was ever applied to it
	}
	identities := []stateid.ID{removed.Identity}
	if removed.Attempt != nil {
		identities = append(identities, removed.Attempt.PreviousIdentities...)
	}
	var places []string
	for _, identity := range identities {
		place := c.DescribeStateAt(removed.Name, identity)
		if !hasOwner(identity) && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return strings.Join(places, ", ")
}

// OwnersOf returns a function that reports whether a workspace which was not removed has the state
// with an identity, by these records.
func OwnersOf(records map[string]state.Workspace) func(stateid.ID) bool {
	return func(identity stateid.ID) bool {
		for _, rec := range records {
			if !rec.Removed && rec.Identity == identity {
				return true
			}
		}
		return false
	}
}
