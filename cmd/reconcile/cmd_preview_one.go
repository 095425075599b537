package main

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"reconcile/reconciler"
)

// newPreviewOneCommand is what `reconcile preview` starts; it is hidden, since
// no person does.
func newPreviewOneCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    "preview-one",
		Hidden: true,
		Short:  "Make the preview of one pull request, asked for and answered on the standard streams",
		Long: `Make the preview of one pull request for ` + "`reconcile preview`" + `, which sends the
request, with the settings, to standard input, and reads the answer from
standard output. It is a process of its own so that what a pull request does to
it is no other's concern.`,
		Args: nothing,
		RunE: func(c *cobra.Command, _ []string) error { return runPreviewOne(c.Context(), a) },
	}
}

// previewOrder is what preview-one reads from its standard input.
type previewOrder struct {
	Settings settings
	Allowed  confinement
	Request  reconciler.PreviewRequest
}

func runPreviewOne(ctx context.Context, a *app) error {
	var order previewOrder
	if err := gob.NewDecoder(a.in).Decode(&order); err != nil {
		return usagef("run `reconcile preview`: it starts this by itself", "there is no request on standard input: %w", err)
	}
	a.settings = order.Settings
	if err := errors.Join(endWithParent(), boundMemory(order.Allowed.Memory)); err != nil {
		return fmt.Errorf("bound what this process may take: %w", err)
	}
	ctx, hard, release := stops(ctx, patience, tell(a.err))
	defer release()
	answer, err := makePreview(ctx, hard, a, order)
	if err != nil {
		answer = &reconciler.PreviewAnswer{Preview: reconciler.Preview{PullRequest: order.Request.PullRequest}, Error: err.Error(), EndsRound: true}
	}
	return gob.NewEncoder(os.Stdout).Encode(answer)
}

func makePreview(ctx, hard context.Context, a *app, order previewOrder) (*reconciler.PreviewAnswer, error) {
	p, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer a.closing(p)
	if a.Executor == executorLocal {
		if err := p.confine(ctx, order.Allowed); err != nil {
			return nil, err
		}
	}
	return p.reconciler(nil).MakePreview(ctx, hard, order.Request), nil
}
