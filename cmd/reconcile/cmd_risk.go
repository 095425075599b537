package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"charm.land/lipgloss/v2"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/internal/failure"
	"reconcile/internal/visible"
	"reconcile/reconciler/risk"
)

// maxPlanJSON bounds the plan that is read, in bytes. Decoded it takes some ten times that.
const maxPlanJSON = 256 << 20

func newRiskCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "risk PLAN.json",
		GroupID: groupInspect,
		Short:   "Judge what a plan of Terraform or OpenTofu does to what runs",
		Long: `Judge a plan that was printed as JSON, without a repository or a record. - reads
it from the standard input. PLAN is from terraform plan -out PLAN.

The classes are none, update, interruption, replace, destroy and loss. The risk
of the plan is that of its worst change. Exits 0 whatever the risk is.`,
		Example: `  terraform show -json PLAN | reconcile risk -
  reconcile risk plan.json -o json`,
		ValidArgsFunction: completePlanFile,
		Args:              rangeArgs(1, 1, "one plan in JSON, or - for the standard input"),
		RunE: func(_ *cobra.Command, args []string) error {
			return runRisk(a, riskOptions{plan: args[0]})
		},
	}
}

type riskOptions struct{ plan string }

func runRisk(a *app, o riskOptions) error {
	if err := a.settings.CheckLang(); err != nil {
		return err
	}
	plan, err := readPlan(a.in, o.plan)
	if err != nil {
		return err
	}
	report := risk.Judge(plan)
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, riskJSONOf(report, a.settings.Lang))
	}
	printRisk(a, report)
	return nil
}

func readPlan(stdin io.Reader, name string) (*tfjson.Plan, error) {
	const hint = "make it with `terraform show -json PLAN`, where PLAN is from `terraform plan -out PLAN`"
	input := stdin
	if name == "-" {
		name = "the standard input"
	} else {
		file, err := os.Open(name)
		if err != nil {
			return nil, failure.WithNextStep(hint, err)
		}
		defer file.Close()
		input = file
	}
	text, err := io.ReadAll(io.LimitReader(input, maxPlanJSON+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > maxPlanJSON {
		return nil, fmt.Errorf("%s is larger than %s", name, ui.FormatBytes(maxPlanJSON))
	}
	var plan tfjson.Plan
	plan.UseJSONNumber(true)
	if err := json.Unmarshal(text, &plan); err != nil {
		return nil, failure.WithNextStep(hint, fmt.Errorf("%s is no plan in JSON: %w", name, err))
	}
	// A state has a format version, too, and would pass as a plan without changes.
	if plan.ResourceChanges == nil && plan.PlannedValues == nil {
		return nil, failure.WithNextStep(hint, fmt.Errorf("%s is no plan in JSON: it has neither resource_changes nor planned_values", name))
	}
	var end struct{ Errored bool } // no field of tfjson.Plan
	if err := json.Unmarshal(text, &end); err == nil && end.Errored {
		return nil, fmt.Errorf("%s is a plan that failed, so changes can be missing in it: correct the error that Terraform showed, and plan again", name)
	}
	return &plan, nil
}

// riskReport is the published JSON of the command.
type riskReport struct {
	Risk    risk.Class   `json:"risk"`
	Changes []riskChange `json:"changes"`
}

type riskChange struct {
	Address  string     `json:"address"`
	Risk     risk.Class `json:"risk"`
	Why      string     `json:"why"`
	Rule     string     `json:"rule"`
	Unjudged bool       `json:"unjudged,omitempty"`
	Guard    bool       `json:"guard,omitempty"`
}

func riskJSONOf(report risk.Report, language string) riskReport {
	r := riskReport{Risk: report.Risk, Changes: []riskChange{}}
	for _, c := range report.Changes {
		r.Changes = append(r.Changes, riskChange{
			Address: c.Address, Risk: c.Risk, Why: c.Why.Text(language), Rule: c.Rule, Unjudged: c.Unjudged, Guard: c.Guard,
		})
	}
	return r
}

func printRisk(a *app, report risk.Report) {
	if len(report.Changes) == 0 {
		a.printf("the plan changes nothing")
		return
	}
	var rows []ui.Row
	for _, c := range report.Changes {
		rows = append(rows, ui.Row{
			Cells: []string{riskStyle(c.Risk).Render(a.tr.Text(c.Risk.String())), visible.Line(c.Address)},
			Notes: []string{c.Why.Text(a.language)},
		})
	}
	ui.PrintTable(a.out, a.width(), a.columns(ui.Column{Title: "RISK"}, ui.Column{Title: "ADDRESS"}), rows)
	fmt.Fprintln(a.out)
	a.printf("the plan's risk is %s", riskStyle(report.Risk).Render(a.tr.Text(report.Risk.String())))
}

func riskStyle(c risk.Class) lipgloss.Style {
	switch {
	case c >= risk.Destroy:
		return ui.StyleBad
	case c.NeedsApproval():
		return ui.StyleWait
	}
	return ui.StyleGood
}
