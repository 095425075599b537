package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/visible"
	"reconcile/reconciler/inspect"
)

func newGraphCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "graph",
		GroupID: groupInspect,
		Short:   "Show the workspaces at the tip, their inputs and dependencies",
		Long: `Show the workspaces at the tip of the branch, what each depends on, which inputs
it has, and which files below them are ignored. -o dot and -o mermaid draw it.`,
		Example: `  reconcile graph
  reconcile graph -o dot | dot -Tsvg > graph.svg`,
		Args:        noArgs,
		Annotations: map[string]string{annotationOutputs: "text json dot mermaid", annotationTriesSettings: "yes"},
		RunE: func(c *cobra.Command, _ []string) error {
			return runGraph(c.Context(), a)
		},
	}
}

func runGraph(ctx context.Context, a *app) error {
	deps, err := a.open(ctx, wire.Git)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	graph, err := inspect.ReadGraph(ctx, deps.RunConfig(nil))
	if err != nil {
		return err
	}
	switch a.settings.Output {
	case "json":
		return ui.PrintJSON(a.out, graph)
	case "dot":
		printDot(a.out, graph)
	case "mermaid":
		printMermaid(a.out, graph)
	default:
		printGraph(a, graph)
	}
	printWarnings(a, graph.Warnings)
	return nil
}

func printGraph(a *app, g *inspect.Graph) {
	if len(g.Workspaces) == 0 {
		a.printf("no workspaces at the tip")
	}
	for _, w := range g.Workspaces {
		fmt.Fprintln(a.out, ui.StyleBold.Render(visible.Name(w.Name)))
		if len(w.DependsOn) > 0 {
			ui.PrintWrapped(a.out, a.width(), "  "+ui.PadRight(a.tr.Text("after"), 8), strings.Join(w.DependsOn, ", "))
		}
		ui.PrintWrapped(a.out, a.width(), "  "+ui.PadRight(a.tr.Text("inputs"), 8), strings.Join(w.Inputs, ", "))
		if w.Ignored > 0 {
			ui.PrintWrapped(a.out, a.width(), "  "+ui.PadRight(a.tr.Text("ignored"), 8), a.describeIgnored(w))
		}
	}
}

// describeIgnored names the first ignored files of a workspace, and counts the others.
func (a *app) describeIgnored(w inspect.GraphWorkspace) string {
	const shown = 5
	names := w.IgnoredFiles[:min(len(w.IgnoredFiles), shown)]
	text := strings.Join(names, ", ")
	if more := w.Ignored - len(names); more > 0 {
		return a.tr.Sprintf("%s and %d more", text, more)
	}
	return text
}

func printDot(w io.Writer, g *inspect.Graph) {
	fmt.Fprintln(w, "digraph workspaces {")
	fmt.Fprintln(w, "  rankdir = LR")
	fmt.Fprintln(w, "  node [shape = box]")
	for _, ws := range g.Workspaces {
		fmt.Fprintf(w, "  %q\n", ws.Name)
	}
	for _, ws := range g.Workspaces {
		for _, up := range ws.DependsOn {
			fmt.Fprintf(w, "  %q -> %q\n", up, ws.Name)
		}
	}
	fmt.Fprintln(w, "}")
}

// mermaidText escapes what Mermaid, or the page that shows it, would take for
// more than text (https://mermaid.js.org/syntax/flowchart.html).
var mermaidText = strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;")

// printMermaid numbers the nodes: Mermaid's ids may not hold all that names
// may.
func printMermaid(w io.Writer, g *inspect.Graph) {
	ids := map[string]string{}
	fmt.Fprintln(w, "graph LR")
	for i, ws := range g.Workspaces {
		ids[ws.Name] = fmt.Sprintf("w%d", i)
		fmt.Fprintf(w, "  w%d[\"%s\"]\n", i, mermaidText.Replace(visible.Name(ws.Name)))
	}
	for _, ws := range g.Workspaces {
		for _, up := range ws.DependsOn {
			fmt.Fprintf(w, "  %s --> %s\n", ids[up], ids[ws.Name])
		}
	}
}
