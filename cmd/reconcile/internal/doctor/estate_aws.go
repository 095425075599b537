package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	quotatypes "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

var errNoSite = fmt.Errorf("%w: the values are not known", errNotChecked)

// loadConfig returns settings of AWS for a Region of the estate, by its home.
func (e *estate) loadConfig(home string) (aws.Config, error) {
	if e.site.account == "" {
		return aws.Config{}, errNoSite
	}
	cfg, err := e.doctor.awsConfig()
	if err != nil {
		return cfg, fmt.Errorf("%w: %w", errNotChecked, err)
	}
	cfg = cfg.Copy()
	cfg.Region = e.site.regions[home]
	return cfg, nil
}

// checkAccount compares the account of the credentials with that of the values. The
// other checks ask AWS with the same credentials.
func (e *estate) checkAccount(ctx context.Context) (string, error) {
	cfg, err := e.loadConfig("tokyo")
	if err != nil {
		return "", err
	}
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", toNotChecked(err)
	}
	if account := aws.ToString(out.Account); account != e.site.account {
		return "", withHint(fmt.Errorf("the credentials are of account %s, and %s has %s", account, siteFile, e.site.account), "use credentials of the estate's account")
	}
	return e.site.account + ", as " + aws.ToString(out.Arn), nil
}

// quota is a limit that the estate comes near, and the least value with which it can be
// made, rotated and failed over (docs/bootstrap.md, step 1).
type quota struct {
	service, code, name string
	min                 map[string]float64 // by home
}

var quotas = []quota{
	{"vpc", "L-F678F1CE", "VPCs per Region", map[string]float64{"tokyo": 6, "osaka": 5}},
	{"ec2", "L-0263D0A3", "Elastic IP addresses", map[string]float64{"tokyo": 4, "osaka": 4}},
	{"ec2", "L-1216C47A", "vCPUs of On-Demand Standard instances", map[string]float64{"tokyo": 32, "osaka": 32}},
}

// checkQuotas compares the account's quotas with what the estate takes at its largest.
func (e *estate) checkQuotas(ctx context.Context) (string, error) {
	var enough, low []string
	for _, home := range []string{"tokyo", "osaka"} {
		cfg, err := e.loadConfig(home)
		if err != nil {
			return "", err
		}
		for _, q := range quotas {
			value, err := readQuota(ctx, servicequotas.NewFromConfig(cfg), q)
			if err != nil {
				return "", withHint(toNotChecked(err), "run it with credentials that have servicequotas:GetServiceQuota and servicequotas:GetAWSDefaultServiceQuota")
			}
			line := fmt.Sprintf("%s in %s: %g, at least %g", q.name, cfg.Region, value, q.min[home])
			if value < q.min[home] {
				low = append(low, fmt.Sprintf("%s (%s %s)", line, q.service, q.code))
				continue
			}
			enough = append(enough, line)
		}
	}
	if len(low) > 0 {
		return "", withHint(fmt.Errorf("too low:\n%s", strings.Join(low, "\n")),
			"ask for more: aws service-quotas request-service-quota-increase (docs/bootstrap.md, step 1)")
	}
	return strings.Join(enough, "\n"), nil
}

// readQuota returns the quota's value in the account. Where none was ever applied, AWS's
// default counts (Service Quotas API Reference, GetServiceQuota: NoSuchResourceException).
func readQuota(ctx context.Context, client *servicequotas.Client, q quota) (float64, error) {
	applied, err := client.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: &q.service, QuotaCode: &q.code})
	var none *quotatypes.NoSuchResourceException
	switch {
	case err == nil:
		return aws.ToFloat64(applied.Quota.Value), nil
	case !errors.As(err, &none):
		return 0, err
	}
	standard, err := client.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: &q.service, QuotaCode: &q.code})
	if err != nil {
		return 0, err
	}
	return aws.ToFloat64(standard.Quota.Value), nil
}

// checkAlarms looks for alarms that reach nobody: AWS delivers nothing to an address
// until its owner has opened the link in AWS's e-mail.
func (e *estate) checkAlarms(ctx context.Context) (string, error) {
	confirmed := 0
	var silent, missing []string
	for _, home := range []string{"tokyo", "osaka"} {
		cfg, err := e.loadConfig(home)
		if err != nil {
			return "", err
		}
		for _, name := range []string{"reconcile-alarms", "alarms"} {
			topic := fmt.Sprintf("arn:aws:sns:%s:%s:%s", cfg.Region, e.site.account, name)
			subscriptions, err := listSubscriptions(ctx, sns.NewFromConfig(cfg), topic)
			var notFound *snstypes.NotFoundException
			switch {
			case errors.As(err, &notFound):
				missing = append(missing, topic)
				continue
			case err != nil:
				return "", withHint(toNotChecked(err), "run it with credentials that have sns:ListSubscriptionsByTopic")
			case len(subscriptions) == 0:
				silent = append(silent, topic+": no subscription")
			}
			for _, s := range subscriptions {
				if strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:") {
					confirmed++
					continue
				}
				silent = append(silent, fmt.Sprintf("%s: %s %s is not confirmed", topic, aws.ToString(s.Protocol), aws.ToString(s.Endpoint)))
			}
		}
	}
	switch {
	case len(silent) > 0:
		return "", withHint(fmt.Errorf("alarms reach nobody:\n%s", strings.Join(silent, "\n")), "open the link in AWS's e-mail; aws sns subscribe sends it again (docs/bootstrap.md, step 2)")
	case len(missing) > 0:
		return "", withHint(fmt.Errorf("%w: no topic %s", errPendingStep, strings.Join(missing, ", ")), "apply bootstrap, common and common_os (docs/bootstrap.md, steps 2 and 6)")
	}
	return fmt.Sprintf("%d subscriptions, all confirmed", confirmed), nil
}

func listSubscriptions(ctx context.Context, client *sns.Client, topic string) (all []snstypes.Subscription, err error) {
	pages := sns.NewListSubscriptionsByTopicPaginator(client, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Subscriptions...)
	}
	return all, nil
}

// checkTrail looks for the trail that no role of the estate may stop or change.
func (e *estate) checkTrail(ctx context.Context) (string, error) {
	cfg, err := e.loadConfig("tokyo")
	if err != nil {
		return "", err
	}
	client := cloudtrail.NewFromConfig(cfg)
	out, err := client.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
	if err != nil {
		return "", toNotChecked(err)
	}
	for _, trail := range out.TrailList {
		if !aws.ToBool(trail.IsMultiRegionTrail) {
			continue
		}
		status, err := client.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: trail.TrailARN})
		if err != nil {
			return "", toNotChecked(err)
		}
		if aws.ToBool(status.IsLogging) {
			return aws.ToString(trail.TrailARN) + " records all Regions", nil
		}
	}
	return "", withHint(errors.New("no trail records the calls of all Regions"), "make one, or have the organization's include this account (docs/bootstrap.md, step 2)")
}
