package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/reconciler"
)

func newDoctorCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		GroupID: groupStart,
		Short:   "Check each setting by using it, and say what to mend",
		Long: `Check each setting by using it: Git, the record, snapshots, the digest key,
Terraform, folders and clocks; and where the record is in DynamoDB, whether
passes run by themselves in ECS. Nothing is applied. What is missing of
docs/bootstrap.md is told with its step.

Exits 1 when something must be mended.`,
		Args: nothing,
		RunE: func(c *cobra.Command, _ []string) error {
			return runDoctor(c.Context(), a)
		},
	}
}

// finding is what one check came to.
type finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	// Skipped: there was nothing to look at, or it is yet to come.
	Skipped bool   `json:"skipped,omitempty"`
	Detail  string `json:"detail"`         // what was seen, or what went wrong
	Mend    string `json:"mend,omitempty"` // what to do about it
}

func runDoctor(ctx context.Context, a *app) error {
	if err := a.resolve(); err != nil {
		return err
	}
	ctx, _, release := stops(ctx, patience, tell(a.err))
	defer release()
	d := newDoctor(a)
	defer d.close()
	findings := d.examine(ctx, func(f finding) {
		if !a.json() {
			printFinding(a, f)
		}
	})
	ill, soFar := 0, ""
	for _, f := range findings {
		switch {
		case f.Skipped && f.Mend != "":
			soFar = " so far"
		case !f.OK && !f.Skipped:
			ill++
		}
	}
	switch {
	case a.json():
		if err := printJSON(a.out, map[string]any{"ok": ill == 0, "checks": findings}); err != nil {
			return err
		}
	case ill == 0:
		fmt.Fprintf(a.out, "\nall is well%s\n", soFar)
	default:
		fmt.Fprintf(a.out, "\n%d to mend\n", ill)
	}
	if ill > 0 {
		return status(reconciler.ExitFailed)
	}
	return nil
}

func printFinding(a *app, f finding) {
	mark := styleGood.Render("✓")
	switch {
	case f.Skipped:
		mark = styleFaint.Render("-")
	case !f.OK:
		mark = styleBad.Render("✗")
	}
	fmt.Fprint(a.out, mark+" ")
	hanging(a.out, a.width(), 2, fmt.Sprintf("%-10s  ", f.Check), f.Detail)
	if f.Mend != "" {
		wrapped(a.out, a.width(), strings.Repeat(" ", 14)+"→ ", f.Mend)
	}
}
