package main

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/reconciler"
)

// newWorkerPreviewCommand returns the command that `reconcile preview` starts.
func newWorkerPreviewCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "preview",
		Short: "Make the preview of one pull request, over the standard streams",
		Long: `Make the preview of one pull request for ` + "`reconcile preview`" + `. It reads the
request and the settings from standard input, and writes the response to
standard output. It is a process of its own, so that a pull request cannot
affect the previews of others.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runWorkerPreview(c.Context(), a) },
	}
}

// previewInput is the standard input of `reconcile worker preview`.
type previewInput struct {
	Settings    settings
	Confinement confinement
	Request     reconciler.PreviewRequest
}

func runWorkerPreview(ctx context.Context, a *app) error {
	var input previewInput
	if err := gob.NewDecoder(a.in).Decode(&input); err != nil {
		return usage.Errorf("run `reconcile preview`: it starts this by itself", "there is no request on standard input: %w", err)
	}
	a.settings = input.Settings
	if err := errors.Join(endWithParent(), boundMemory(input.Confinement.Memory)); err != nil {
		return fmt.Errorf("limit the resources of this process: %w", err)
	}
	ctx, killCtx, release := withSignals(ctx, gracePeriod, ui.LinePrinter(a.err))
	defer release()
	answer, err := makePreview(ctx, killCtx, a, input)
	if err != nil {
		answer = &reconciler.PreviewResponse{Preview: input.Request.PullRequest.NewPreview(""), Error: err.Error(), EndsRound: true}
	}
	return gob.NewEncoder(os.Stdout).Encode(answer)
}

func makePreview(ctx, killCtx context.Context, a *app, input previewInput) (*reconciler.PreviewResponse, error) {
	p, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer a.closeDeps(p)
	if a.settings.Executor == executorLocal {
		if err := p.confine(ctx, input.Confinement); err != nil {
			return nil, err
		}
	}
	return p.newReconciler(nil).MakePreview(ctx, killCtx, input.Request), nil
}
