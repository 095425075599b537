package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"reconcile/cmd/reconcile/internal/config"
)

// checkApprovers reads who may approve plans: the file must be safe, the parameter readable.
func (d *Doctor) checkApprovers(ctx context.Context) (string, error) {
	location := d.settings.Approvers
	if location == "" {
		return "", fmt.Errorf("%w: nobody is named (--approvers), so who can write the record may approve on the command line, and nobody by a comment", errNotChecked)
	}
	approvers, err := d.deps.Approvers(ctx)
	switch {
	case errors.Is(err, config.ErrNoParameter):
		return "", withHint(err, "see --approvers, AWS_REGION and the account")
	case err != nil && strings.HasPrefix(location, config.SchemeSSM):
		return "", withHint(keepUsageHint(err), "reconcile needs ssm:GetParameter on it")
	case err != nil:
		return "", keepUsageHint(err)
	}
	commandLine, comments := 0, 0
	for _, p := range approvers.People {
		if p.Identity != "" {
			commandLine++
		}
		if p.BacklogID != 0 {
			comments++
		}
	}
	detail := fmt.Sprintf("%s: %d may approve on the command line, %d by a comment", location, commandLine, comments)
	if approvers.OpenerMayApprove {
		detail += ", also in pull requests of their own"
	}
	if comments > 0 && !d.settings.UsesBacklog() {
		return "", withHint(fmt.Errorf("%s, but without a key of Backlog no comment is read", detail), "see --backlog-credentials")
	}
	return detail, nil
}
