package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/reconciler/terraform/roles"
)

// maxRoles is how many apply roles are tried: each takes a few requests.
const maxRoles = 50

// checkApplyRoles tries whether a role that applies may write who approves. A commit that it
// applies could then name other approvers.
func (d *Doctor) checkApplyRoles(ctx context.Context) (string, error) {
	location := d.settings.Approvers
	if !strings.HasPrefix(location, config.SchemeSSM) {
		return "", fmt.Errorf("%w: no parameter names who may approve", errNotChecked)
	}
	if d.names == nil {
		return "", fmt.Errorf("%w: the workspaces at the tip are not known", errNotChecked)
	}
	appliers, err := d.listApplyRoles()
	if err != nil {
		return "", err
	}
	own, err := d.awsConfig()
	if err != nil {
		return "", err
	}
	var writers, unknown []string
	for _, role := range appliers[:min(len(appliers), maxRoles)] {
		name := cmp.Or(role, "these credentials, which apply what has no apply_role,")
		isWriter, err := d.mayWriteApprovers(ctx, own, role)
		switch {
		case err != nil:
			unknown = append(unknown, fmt.Sprintf("%s: %v", name, err))
		case isWriter:
			writers = append(writers, name)
		}
	}
	if len(writers) > 0 {
		return "", withHint(fmt.Errorf("%s may write %s: a commit that is applied could name other approvers", strings.Join(writers, ", "), location),
			"deny ssm:PutParameter on it (docs/approve.md)")
	}
	if len(unknown) > 0 {
		return "", withHint(fmt.Errorf("%w whether they may write %s: %s", errNotChecked, location, strings.Join(unknown, "; ")),
			"run doctor where passes run: it assumes the apply roles, and tries to write without overwriting")
	}
	detail := fmt.Sprintf("%d tried, none may write %s", min(len(appliers), maxRoles), location)
	if more := len(appliers) - maxRoles; more > 0 {
		detail += fmt.Sprintf("; %d more were not tried", more)
	}
	return detail, nil
}

// listApplyRoles returns the roles that apply the workspaces at the tip; "" stands for the
// credentials of the pass.
func (d *Doctor) listApplyRoles() (roles []string, err error) {
	for _, name := range d.names {
		c, configErr := d.atTip.PermissionConfig(name)
		err = errors.Join(err, configErr)
		roles = append(roles, c.ApplyRole)
	}
	slices.Sort(roles)
	return slices.Compact(roles), err
}

// mayWriteApprovers tries as the role, or with own credentials.
func (d *Doctor) mayWriteApprovers(ctx context.Context, own aws.Config, role string) (bool, error) {
	session := own
	if role != "" {
		given, err := roles.NewAssumer(func(context.Context) (aws.Config, error) { return own, nil })(ctx, role, "doctor")
		if err != nil {
			return false, err
		}
		session.Credentials = credentials.NewStaticCredentialsProvider(given.AccessKeyID, given.SecretAccessKey, given.SessionToken)
	}
	return config.MayWriteParameter(ctx, own, session, d.settings.Approvers)
}
