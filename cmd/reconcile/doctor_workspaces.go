package main

import (
	"context"
	"fmt"
	"strings"
)

// workspaces reads the workspaces at the tip, and says which are refused.
func (d *doctor) workspaces(ctx context.Context) (string, error) {
	if d.parts.source == nil {
		return "", fmt.Errorf("%w: they are in Git", errSkip)
	}
	if _, err := d.parts.product(ctx); err != nil {
		return "", fmt.Errorf("%w: it is not known whether Terraform or OpenTofu reads them", errSkip)
	}
	graph, err := d.parts.reconciler(nil).Graph(ctx)
	if err != nil {
		return "", advise(err, "mend it in Git (docs/recovery.md)")
	}
	var refused []string
	for _, w := range graph.Workspaces {
		if w.Error != "" {
			refused = append(refused, w.Name+": "+strings.ReplaceAll(w.Error, "\n", "; "))
		}
	}
	if len(refused) > 0 {
		err := fmt.Errorf("%d of %d are refused, and their readers wait:\n%s", len(refused), len(graph.Workspaces), strings.Join(refused, "\n"))
		return "", advise(err, "mend them in Git (docs/recovery.md); the others are worked on meanwhile")
	}
	return fmt.Sprintf("%d at the tip, none refused", len(graph.Workspaces)), nil
}
