package main

import (
	"context"
	"fmt"
	"strings"
)

// workspaces reads the workspaces at the tip and reports the refused ones.
func (d *doctor) workspaces(ctx context.Context) (string, error) {
	if d.deps.source == nil {
		return "", fmt.Errorf("%w: they are in Git", errNotChecked)
	}
	if _, err := d.deps.detectProduct(ctx); err != nil {
		return "", fmt.Errorf("%w: cannot find out whether they are for Terraform or OpenTofu", errNotChecked)
	}
	graph, err := d.deps.newReconciler(nil).Graph(ctx)
	if err != nil {
		return "", withHint(err, "fix it in Git (docs/recovery.md)")
	}
	var refused []string
	for _, w := range graph.Workspaces {
		if w.Error != "" {
			refused = append(refused, w.Name+": "+strings.ReplaceAll(w.Error, "\n", "; "))
		}
	}
	if len(refused) > 0 {
		err := fmt.Errorf("%d of %d are refused, and the workspaces that read them wait:\n%s", len(refused), len(graph.Workspaces), strings.Join(refused, "\n"))
		return "", withHint(err, "fix them in Git (docs/recovery.md); passes apply the others meanwhile")
	}
	return fmt.Sprintf("%d at the tip, none refused", len(graph.Workspaces)), nil
}
