package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/scaffold"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/reconciler/workspace/repotree"
)

func newInitCommand(a *app) *cobra.Command {
	var o initOptions
	c := &cobra.Command{
		Use:     "init [PATH]",
		GroupID: groupStart,
		Short:   "Write the first settings of a repository",
		Long: `Look for root modules of Terraform in the work tree around PATH (default: the
current directory), and write reconcile.hcl with what was found: patterns of the
workspaces, and examples of the other settings as comments. It goes to env, if
there is such a directory, else to the top. It says what it could not know.

It calls nothing, and never overwrites a file. With --aws it prints a call
of modules/reconciler that fits the repository.`,
		Example: `  reconcile init
  reconcile init --aws ../infra > reconciler.tf`,
		Args:              rangeArgs(0, 1, "one path"),
		ValidArgsFunction: completeDirectory,
		RunE: func(c *cobra.Command, args []string) error {
			o.path = "."
			if len(args) > 0 {
				o.path = args[0]
			}
			return runInit(c.Context(), a, o)
		},
	}
	c.Flags().BoolVar(&o.aws, "aws", false, "print a call of modules/reconciler instead; write nothing")
	return c
}

type initOptions struct {
	path string
	aws  bool
}

func runInit(ctx context.Context, a *app, o initOptions) error {
	top, inGit, err := findTop(o.path)
	if err != nil {
		return err
	}
	if !inGit {
		return usage.Errorf("name a directory of the repository with your Terraform, or `git init` one", "%s is not inside a Git repository", top)
	}
	deps := wire.New(ctx, &a.settings, a.log)
	defer a.closeDeps(deps)
	product, err := deps.DetectProduct(ctx)
	if err != nil {
		return err
	}
	if o.aws {
		return printAWSValues(ctx, a, top, product)
	}
	found, err := scaffold.Search(ctx, top, product)
	if err == nil {
		err = found.Write()
	}
	if errors.Is(err, scaffold.ErrExists) {
		return usage.Errorf("`reconcile validate` checks it", "%w", err)
	}
	if err != nil {
		return err
	}
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, found)
	}
	printFindings(a, found)
	return nil
}

func printFindings(a *app, f *scaffold.Findings) {
	var rows []ui.Row
	for _, root := range f.Roots {
		backend := root.Backend
		if backend == "" {
			backend = a.tr.Text("(none)")
		}
		rows = append(rows, ui.Row{Cells: []string{root.Path, backend, strings.Join(root.VarFiles, ", ")}})
	}
	ui.PrintTable(a.out, a.width(), a.columns(ui.Column{Title: "ROOT MODULE"}, ui.Column{Title: "BACKEND"}, ui.Column{Title: "FILES OF VALUES", Rank: 1}), rows)
	for _, text := range f.Unsure {
		ui.PrintWrapped(a.out, a.width(), "", ui.StyleWait.Render(a.tr.Text("please look"))+": "+a.tr.Translate(text))
	}
	fmt.Fprintln(a.out)
	a.printf("wrote %s, workspaces = %s", f.File, strings.Join(f.Patterns, ", "))
	a.printHint("`reconcile validate` checks it; commit and push it; `reconcile plan` shows what a pass would do")
}

func printAWSValues(ctx context.Context, a *app, top string, product repotree.Product) error {
	if a.wantsJSON() {
		return usage.Errorf("leave -o json out", "--aws prints HCL")
	}
	text, err := scaffold.AWSValues(ctx, top, a.settings.Branch, product)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(a.out, text)
	return err
}
