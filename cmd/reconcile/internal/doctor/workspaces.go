package doctor

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
	"reconcile/reconciler/workspace/settings"
)

// checkSettings reads the repository's own settings at the tip, for --environment, and
// looks for the variables that they pass on.
func (d *Doctor) checkSettings(ctx context.Context) (string, error) {
	if d.deps.Source == nil {
		return "", fmt.Errorf("%w: they are in Git", errNotChecked)
	}
	config := d.deps.RunConfig(nil)
	tip, err := config.Source.Tip(ctx, "")
	if err != nil {
		return "", withHint(err, gitHint(err))
	}
	commit, err := config.Fetch(ctx, tip)
	if err != nil {
		return "", err
	}
	defer config.CloseCommit(commit)
	found, err := config.LoadSettings(commit)
	if err != nil {
		hint := "fix " + settings.FileName + " in Git"
		if d.settings.Environment != "" {
			hint = "see --environment, or " + hint
		}
		return "", withHint(err, hint)
	}
	d.atTip = found
	var missing []string
	for _, name := range found.Env() {
		if _, ok := os.LookupEnv(name); !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return "", withHint(fmt.Errorf("%s passes on %s, which the environment of reconcile does not have", found.File(), strings.Join(missing, ", ")),
			"set it where passes run, or take it out of "+found.File())
	}
	environment := "no environment"
	if d.settings.Environment != "" {
		environment = "environment " + d.settings.Environment
	}
	if found.IsMissing() {
		return fmt.Sprintf("%s does not exist at %s, so the defaults count: workspaces %s", found.File(), tip.Commit.Abbrev(), strings.Join(found.Patterns(), ", ")), nil
	}
	return fmt.Sprintf("%s at %s: %s, workspaces %s", found.File(), tip.Commit.Abbrev(), environment, strings.Join(found.Patterns(), ", ")), nil
}

// checkWorkspaces reads the workspaces at the tip and reports the refused ones.
func (d *Doctor) checkWorkspaces(ctx context.Context) (string, error) {
	if d.atTip == nil {
		return "", fmt.Errorf("%w: the settings at the tip are not known", errNotChecked)
	}
	if _, err := d.deps.DetectProduct(ctx); err != nil {
		return "", fmt.Errorf("%w: cannot find out whether they are for Terraform or OpenTofu", errNotChecked)
	}
	graph, err := inspect.ReadGraph(ctx, d.deps.RunConfig(nil))
	if err != nil {
		return "", withHint(err, "fix it in Git (docs/recovery.md)")
	}
	var refused []string
	for _, w := range graph.Workspaces {
		d.names = append(d.names, w.Name)
		if w.Error != "" {
			refused = append(refused, w.Name+": "+strings.ReplaceAll(w.Error, "\n", "; "))
		}
	}
	if len(refused) > 0 {
		err := fmt.Errorf("%d of %d are refused, and the workspaces that read them wait:\n%s", len(refused), len(graph.Workspaces), strings.Join(refused, "\n"))
		return "", withHint(err, "fix them in Git (docs/recovery.md); passes apply the others meanwhile")
	}
	detail := fmt.Sprintf("%d at the tip, none refused", len(graph.Workspaces))
	for _, w := range graph.Workspaces {
		if w.Gate != "" {
			detail += "\n" + w.Name + ": " + w.Gate
		}
	}
	return detail, nil
}

// checkRolloutAlarms reads the alarms of the workspaces that are applied in steps.
func (d *Doctor) checkRolloutAlarms(ctx context.Context) (string, error) {
	if d.atTip == nil {
		return "", fmt.Errorf("%w: the settings at the tip are not known", errNotChecked)
	}
	graph, err := inspect.ReadGraph(ctx, d.deps.RunConfig(nil))
	if err != nil {
		return "", fmt.Errorf("%w: the workspaces at the tip are not known", errNotChecked)
	}
	var found, unread []string
	alarms := d.deps.NewAlarms()
	for _, w := range graph.Workspaces {
		if w.Progressive == nil || len(w.Progressive.Alarms) == 0 {
			continue
		}
		for _, reading := range alarms.ReadAlarms(ctx, w.PlanRole, w.Progressive.Alarms) {
			isQuiet := slices.Contains(w.Progressive.Quiet, reading.ARN)
			if reading.State == run.AlarmUnreadable || reading.State == run.AlarmMissing && !isQuiet {
				unread = append(unread, fmt.Sprintf("%s: %s: %s", w.Name, reading.Name(), reading.Why))
			} else {
				found = append(found, fmt.Sprintf("%s: %s is %s", w.Name, reading.Name(), reading.State))
			}
		}
	}
	switch {
	case len(unread) > 0:
		return "", withHint(fmt.Errorf("no rollout begins while alarms cannot be read:\n%s", strings.Join(unread, "\n")),
			"allow cloudwatch:DescribeAlarms to the workspace's plan_role, and correct the ARNs in the settings (docs/rollout.md)")
	case len(found) == 0:
		return "", fmt.Errorf("%w: no workspace is applied in steps with alarms", errNotChecked)
	}
	return strings.Join(found, "\n"), nil
}
