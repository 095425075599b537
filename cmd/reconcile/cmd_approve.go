package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/plandigest"
	"reconcile/internal/shell"
	"reconcile/state"
)

// approvalDuration is how long an approval counts without --until.
const approvalDuration = 7 * 24 * time.Hour

// maxReason is the longest reason that the record keeps, in bytes.
const maxReason = 1000

// checkReason refuses a reason that is too long.
func checkReason(why string) error {
	if len(why) > maxReason {
		return usage.Errorf("give a shorter one, such as a link", "--why has %d bytes, and may have %d", len(why), maxReason)
	}
	return nil
}

func newApproveCommand(a *app) *cobra.Command {
	var o approveOptions
	c := &cobra.Command{
		Use:     "approve WORKSPACE DIGEST",
		GroupID: groupPass,
		Short:   "Allow exactly one plan that waits",
		Long: `Allow exactly the plan with this digest, once. A pass plans again before it
applies: if the plan is another by then, the approval is void.

status, plan and the result of a pass show the digest of a plan that waits.`,
		Example: `  reconcile approve tokyo 3f9c2a1b77d04e15 --why 'agreed in the change meeting'
  reconcile approve tokyo 3f9c2a1b77d04e15 --revoke`,
		Args:              rangeArgs(2, 2, "the name of a workspace and the digest of its plan"),
		ValidArgsFunction: a.completePlan,
		RunE: func(c *cobra.Command, args []string) error {
			o.workspace, o.digits = args[0], args[1]
			return runApprove(c.Context(), a, o)
		},
	}
	c.Flags().StringVar(&o.until, "until", "", "end of the approval: a time (2006-01-02T15:04:05Z, or a date), or a duration such as 36h (default: seven days)")
	c.Flags().StringVar(&o.why, "why", "", "reason to keep in the record")
	c.Flags().BoolVar(&o.revoke, "revoke", false, "take an approval back that no apply has used")
	return c
}

type approveOptions struct {
	workspace, digits, until, why string
	revoke                        bool
}

func runApprove(ctx context.Context, a *app, o approveOptions) error {
	if len(plandigest.Digest(o.digits).Digits()) < plandigest.AbbrevLength || plandigest.Parse(o.digits) == "" {
		return usage.Errorf("`reconcile status` shows them", "%q is not a digest: give the %d digits", o.digits, plandigest.AbbrevLength)
	}
	if err := checkReason(o.why); err != nil {
		return err
	}
	now := time.Now()
	endsAt, err := parseUntil(o.until, now)
	if err != nil {
		return err
	}
	deps, err := a.open(ctx, wire.RecordAlone)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	if o.revoke {
		return revokeApproval(ctx, a, deps, o)
	}
	plan, err := deps.Record.OfferedPlan(ctx, o.workspace, o.digits)
	if errors.Is(err, state.ErrNotOffered) {
		if err := requireWorkspace(ctx, deps, o.workspace); err != nil {
			return err
		}
		return usage.Errorf(fmt.Sprintf("`reconcile status` shows what waits; `reconcile now %s` plans it again", shell.Quote(o.workspace)), "%s %s: %w", o.workspace, o.digits, err)
	} else if err != nil {
		return err
	}
	approval := state.Approval{Reason: o.why, EndsAt: endsAt}
	if approval.ApprovedBy, err = identifyCaller(ctx, a, deps); err != nil {
		return err
	}
	if err := checkApprover(ctx, deps, approval.ApprovedBy); err != nil {
		return err
	}
	if err := deps.Record.PlaceApproval(ctx, plan, approval); err != nil {
		return err
	}
	defer a.updatePage(deps)
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, map[string]any{"workspace": plan.Workspace, "digest": plan.Digest, "risk": plan.Risk, "by": approval.ApprovedBy, "until": endsAt.UTC()})
	}
	a.printf("%s %s is approved: %s", plan.Workspace, plan.Digest.Abbrev(), a.tr.Translate(plan.Why))
	a.printHint("the next pass applies it if its plan is the same; the approval ends %s", endsAt.UTC().Format(ui.TimeFormat))
	return nil
}

func revokeApproval(ctx context.Context, a *app, deps *wire.Deps, o approveOptions) error {
	revoked, err := deps.Record.RevokeApproval(ctx, o.workspace, o.digits)
	if err != nil {
		return err
	}
	if !revoked {
		if rec, _, err := deps.Record.Workspace(ctx, o.workspace); err == nil && rec.Rollout != nil && (o.digits == rec.Rollout.Target.Abbrev() || o.digits == string(rec.Rollout.Target)) {
			return usage.Errorf(fmt.Sprintf("`reconcile rollout abort %s` takes it back", shell.Quote(o.workspace)), "a rollout of %s that is under way has used the approval of %s", o.workspace, o.digits)
		}
		return usage.Errorf("`reconcile status` shows the approvals that count", "%s has no approval of %s: it was used, revoked or never given", o.workspace, o.digits)
	}
	defer a.updatePage(deps)
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, map[string]any{"workspace": o.workspace, "revoked": true})
	}
	a.printf("the approval of %s %s is revoked", o.workspace, o.digits)
	return nil
}

// parseUntil returns the end of an approval.
func parseUntil(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return now.Add(approvalDuration), nil
	}
	if length, err := time.ParseDuration(text); err == nil {
		if length <= 0 {
			return time.Time{}, usage.Errorf("give a time to come", "--until %s is over", text)
		}
		return now.Add(length), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		end, err := time.ParseInLocation(layout, text, time.Local)
		switch {
		case err != nil:
		case !end.After(now):
			return time.Time{}, usage.Errorf("give a time to come", "--until %s is over", text)
		default:
			return end, nil
		}
	}
	return time.Time{}, usage.Errorf("use a time such as 2006-01-02T15:04:05Z, a date, or a duration such as 36h", "--until %s is no time", text)
}

// checkApprover refuses a caller whom --approvers does not name. Without the setting, who can
// write the record may approve.
func checkApprover(ctx context.Context, deps *wire.Deps, identity string) error {
	approvers, err := deps.Approvers(ctx)
	if err != nil || approvers == nil {
		return err
	}
	if _, named := approvers.FindByIdentity(identity); !named {
		return usage.Errorf("ask one of those whom --approvers names", "%s may not approve plans: no approver of %s has this identity", identity, deps.Settings.Approvers)
	}
	return nil
}

// identifyCaller returns who runs this: the identity on AWS where the record is there,
// else the user of this machine.
func identifyCaller(ctx context.Context, a *app, deps *wire.Deps) (string, error) {
	if a.settings.IsEmbedded() {
		return state.CurrentProcess().User, nil
	}
	cfg, err := deps.AWS()
	if err != nil {
		return "", err
	}
	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("find out who approves: %w", err)
	}
	if caller.Arn == nil || strings.TrimSpace(*caller.Arn) == "" {
		return "", errors.New("find out who approves: AWS names no identity")
	}
	return *caller.Arn, nil
}
