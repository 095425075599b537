package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/visible"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/preview"
)

func newPreviewCommand(a *app) *cobra.Command {
	var o previewOptions
	c := &cobra.Command{
		Use:     "preview",
		GroupID: groupInspect,
		Short:   "Plan open pull requests and post a comment",
		Long: `Merge each open pull request into the watched branch in memory, plan the
workspaces that this makes stale, and keep one comment on the pull request up
to date. Nothing else is changed. A pull request is skipped if neither its head
nor the branch has moved.

A plan runs the code of the pull request's author: see docs/preview.md for what
is refused, and run previews apart from passes.

Exits 0 when every preview was made, whatever the plans say.`,
		Example: `  reconcile preview
  reconcile preview --dry-run`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runPreview(c.Context(), a, o)
		},
	}
	c.Flags().IntVar(&o.number, "pr", 0, "only the pull request with this number")
	c.Flags().BoolVar(&o.force, "force", false, "also preview pull requests without changes")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "print the comments, in full, instead of writing them")
	o.confinement.Bind(c)
	return c
}

type previewOptions struct {
	number        int
	force, dryRun bool
	confinement   config.Confinement
}

func runPreview(ctx context.Context, a *app, o previewOptions) error {
	ctx, killCtx, release := withSignals(ctx, gracePeriod, a.tr, a.linePrinter())
	defer release()
	deps, err := a.open(ctx, wire.Everything)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	if a.settings.Executor == config.ExecutorLocal {
		if err := deps.Confine(ctx, o.confinement); err != nil {
			return err
		}
	}
	limit := notify.MaxCommentLength
	if o.dryRun {
		limit = 0
	}
	project, err := deps.OpenBacklog(ctx, limit)
	if err != nil {
		return err
	}
	options := preview.Options{Number: o.number, Force: o.force, DryRun: o.dryRun, Writer: project.Writer}
	if !a.wantsJSON() {
		options.OnResult = func(r preview.Preview) { a.printPreview(r) }
	}
	process, err := a.newPreviewProcess(o.confinement)
	if err != nil {
		return err
	}
	options.Process = process.run
	previews, err := preview.New(deps.RunConfig(nil)).RunRound(ctx, killCtx, project, options)
	if err == nil && !o.dryRun {
		a.updatePage(deps)
	}
	err = toUsageError(err)
	if a.wantsJSON() {
		if printErr := ui.PrintJSONWith(a.out, previews, "error", ui.ErrorText(err)); printErr != nil {
			return printErr
		}
	}
	if err != nil {
		return err
	}
	if !a.wantsJSON() && len(previews.PullRequests) == 0 {
		a.printf("no open pull request targets %s", a.settings.Branch)
	}
	return toExitStatus(previews.Exit)
}

// printPreview writes the result of one pull request.
func (a *app) printPreview(r preview.Preview) {
	w, width := a.out, a.width()
	style := ui.StyleGood
	if r.Action == preview.ActionFailed {
		style = ui.StyleBad
	}
	fmt.Fprintf(w, "%s  %s  %s\n", style.Render(ui.PadRight(a.tr.Text(string(r.Action)), 10)), ui.StyleBold.Render(fmt.Sprintf("#%d %s", r.Number, visible.Name(r.Branch))), visible.Line(r.Title))
	if r.Action == preview.ActionPrinted {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(r.Comment))
		return
	}
	for _, c := range r.Conflicts {
		fmt.Fprintln(w, "            "+a.tr.Sprintf("conflict (%s): %s", a.tr.Text(string(c.Kind)), visible.Name(c.Path)))
	}
	if r.Error != "" {
		ui.PrintWrapped(w, width, "            ", a.tr.Translate(r.Error))
	}
	for _, ws := range r.Workspaces {
		fmt.Fprint(w, ui.FormatWorkspace(a.tr, ws, width))
		for _, refused := range ws.Refused {
			ui.PrintWrapped(w, width, "            ", a.tr.Translate(refused))
		}
	}
}
