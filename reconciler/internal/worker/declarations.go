package worker

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"reconcile/internal/failure"
	"reconcile/reconciler/internal/inventory"
	"reconcile/state"
)

// declarations are the addresses that removed workspaces declared when they were last applied, by
// the workspace's name. The states of these are in backends that no directory names any more, so
// their files say what they have. They are read when they are first needed.
type declarations struct {
	mu     sync.Mutex
	byName map[string]map[string]bool
}

func (d *declarations) read(ctx context.Context, workspaces *inventory.Inventory) (map[string]map[string]bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byName != nil {
		return d.byName, nil
	}
	var gone []state.Workspace
	for _, rec := range workspaces.Records {
		if workspaces.HasLeftBackendState(rec) && (!rec.Removed || len(rec.Successors) > 0) {
			gone = append(gone, rec)
		}
	}
	byName, err := workspaces.Config.ListDeclared(ctx, workspaces.Product, gone)
	if err != nil {
		return nil, failure.WithNextStep("`reconcile now --adopt WORKSPACE` applies the workspace without this check",
			fmt.Errorf("find out whether a removed workspace has another name now: %w", err))
	}
	d.byName = byName
	return byName, nil
}

// declarationOf returns the address of the block that declares a resource: without its key, and of
// one in a module that of the module.
func declarationOf(address string) string {
	kind, name, _ := strings.Cut(address, ".")
	if end := strings.IndexAny(name, ".["); end >= 0 {
		name = name[:end]
	}
	return kind + "." + name
}
