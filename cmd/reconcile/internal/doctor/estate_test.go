package doctor

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/awsfake"
)

// top is the top of this repository.
var top = filepath.Join("..", "..", "..", "..")

// Each value that this repository ships in its files of values is named, but for those
// that any company may keep: Regions, zones, the protocol.
func TestEstatePlaceholders(t *testing.T) {
	left, err := findPlaceholders(top)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, p := range left {
		named[fmt.Sprintf("%s:%d", p.file, p.line)] = true
	}
	kept := regexp.MustCompile(`^"(ap-northeast-\d|apne\d-az\d|email)"$`)
	for _, file := range []string{"env/site.auto.tfvars", "env/site.staging.tfvars"} {
		src, err := os.ReadFile(filepath.Join(top, file))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(src), "\n") {
			line, _, _ = strings.Cut(line, "#")
			for _, value := range regexp.MustCompile(`"[^"]+"`).FindAllString(line, -1) {
				if at := fmt.Sprintf("%s:%d", file, i+1); !kept.MatchString(value) && !named[at] {
					t.Errorf("%s: %s is not named", at, value)
				}
			}
		}
	}
	for _, at := range []string{"env/common/versions.tf", "env/reconcile.hcl", "env/staging.s3.tfbackend"} {
		if !strings.Contains(fmt.Sprint(left), at) {
			t.Errorf("nothing of %s is named", at)
		}
	}
	for _, p := range left {
		if want := strings.Contains(p.value, "210987654321"); want && !p.staging {
			t.Errorf("%s is not of staging alone", p)
		}
		if strings.HasPrefix(p.file, "env/tokyo/") && !strings.HasSuffix(p.file, "versions.tf") {
			t.Errorf("%s is not in the file of values", p)
		}
	}
}

// docs/bootstrap.md has the quotas that doctor asks for.
func TestEstateQuotasAreDocumented(t *testing.T) {
	for _, page := range []string{"bootstrap.md", "bootstrap.ja.md"} {
		text, err := os.ReadFile(filepath.Join(top, "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range quotas {
			row := regexp.MustCompile("(?m)^.*`" + q.service + "` `" + q.code + "`.*$").FindString(string(text))
			for home, least := range q.min {
				if !regexp.MustCompile(fmt.Sprintf(`\b%g\b`, least)).MatchString(row) {
					t.Errorf("%s: %s: the row %q does not say %g (%s)", page, q.name, row, least, home)
				}
			}
		}
	}
}

const (
	account = "444455556666"
	values  = `site = {
  account_id = "444455556666"
  regions = { tokyo = "ap-northeast-1", osaka = "ap-northeast-3" }
}
`
)

// newAccount returns an account in which everything is as it must be.
func newAccount() *awsfake.Account {
	a := &awsfake.Account{
		ID:       account,
		Defaults: map[string]float64{"vpc L-F678F1CE": 5, "ec2 L-0263D0A3": 5, "ec2 L-1216C47A": 5},
		Quotas:   map[string]float64{},
		Topics:   map[string][]awsfake.Subscription{},
		Trails: []awsfake.Trail{
			{TrailARN: "arn:aws:cloudtrail:ap-northeast-1:444455556666:trail/one-region", IsLogging: true},
			{TrailARN: "arn:aws:cloudtrail:ap-northeast-1:444455556666:trail/all", IsMultiRegionTrail: true, IsLogging: true},
		},
	}
	for _, region := range []string{"ap-northeast-1", "ap-northeast-3"} {
		a.Quotas[region+" vpc L-F678F1CE"], a.Quotas[region+" ec2 L-1216C47A"] = 10, 64
		for _, name := range []string{"reconcile-alarms", "alarms"} {
			topic := "arn:aws:sns:" + region + ":" + account + ":" + name
			a.Topics[topic] = []awsfake.Subscription{{SubscriptionArn: topic + ":1", Protocol: "email", Endpoint: "noc@fork.test"}}
		}
	}
	return a
}

// Each check of the estate finds what is missing, and says what to do.
func TestEstateChecks(t *testing.T) {
	for name, tt := range map[string]struct {
		values string
		change func(*awsfake.Account)
		check  string // the only one that is not OK; "": none
		skip   bool
		detail string
		hint   string
	}{
		"all is well": {},
		"placeholder": {values: strings.ReplaceAll(values, account, "123456789012"), change: func(a *awsfake.Account) {
			a.ID = "123456789012"
			for topic, subscriptions := range a.Topics {
				a.Topics[strings.ReplaceAll(topic, account, a.ID)] = subscriptions
			}
		}, check: "values", detail: `env/site.auto.tfvars:2: "123456789012"`, hint: "step 1"},
		"another account": {change: func(a *awsfake.Account) { a.ID = "777788889999" },
			check: "account", detail: "of account 777788889999", hint: "credentials of the estate's account"},
		"default quota": {change: func(a *awsfake.Account) { delete(a.Quotas, "ap-northeast-1 vpc L-F678F1CE") },
			check: "quotas", detail: "VPCs per Region in ap-northeast-1: 5, at least 6 (vpc L-F678F1CE)", hint: "request-service-quota-increase"},
		"default that suffices": {change: func(a *awsfake.Account) { delete(a.Quotas, "ap-northeast-3 vpc L-F678F1CE") }},
		"low in Osaka": {change: func(a *awsfake.Account) { a.Quotas["ap-northeast-3 ec2 L-1216C47A"] = 16 },
			check: "quotas", detail: "in ap-northeast-3: 16, at least 32", hint: "step 1"},
		"not confirmed": {change: func(a *awsfake.Account) {
			a.Topics["arn:aws:sns:ap-northeast-3:444455556666:alarms"][0].SubscriptionArn = "PendingConfirmation"
		}, check: "alarms", detail: "arn:aws:sns:ap-northeast-3:444455556666:alarms: email noc@fork.test is not confirmed", hint: "open the link"},
		"nobody": {change: func(a *awsfake.Account) { a.Topics["arn:aws:sns:ap-northeast-1:444455556666:alarms"] = nil },
			check: "alarms", detail: "no subscription", hint: "sns subscribe"},
		"no topic yet": {change: func(a *awsfake.Account) { delete(a.Topics, "arn:aws:sns:ap-northeast-1:444455556666:alarms") },
			check: "alarms", skip: true, detail: "not yet: no topic", hint: "steps 2 and 6"},
		"trail of one Region": {change: func(a *awsfake.Account) { a.Trails = a.Trails[:1] },
			check: "trail", detail: "no trail records the calls of all Regions", hint: "step 2"},
		"stopped trail": {change: func(a *awsfake.Account) { a.Trails[1].IsLogging = false },
			check: "trail", detail: "no trail", hint: "step 2"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount()
			if tt.change != nil {
				tt.change(a)
			}
			if tt.values == "" {
				tt.values = values
			}
			for _, r := range runEstate(t, a, tt.values) {
				switch {
				case r.Check != tt.check && !r.OK:
					t.Errorf("%s: %s", r.Check, r.Detail)
				case r.Check != tt.check:
				case r.OK, r.Skipped != tt.skip, !strings.Contains(r.Detail, tt.detail), !strings.Contains(r.Hint, tt.hint):
					t.Errorf("got %+v", r)
				}
			}
		})
	}
}

// Without permissions, or without values, nothing is known, and that is no failure.
func TestEstateIsNotChecked(t *testing.T) {
	a := newAccount()
	a.Denied = "AccessDeniedException"
	for _, r := range runEstate(t, a, values) {
		if aws := r.Check != "values" && r.Check != "staging"; aws && (!r.Skipped || !strings.Contains(r.Detail, "lack the permission")) {
			t.Errorf("denied: %+v", r)
		}
	}
	for _, text := range []string{"", "site = 1\n", "site = { account_id = null }\n", "site = {"} {
		for _, r := range runEstate(t, newAccount(), text) {
			if r.OK != (r.Check == "staging") || r.Skipped != (r.Check != "values" && r.Check != "staging") {
				t.Errorf("%q: %+v", text, r)
			}
		}
	}
}

func runEstate(t *testing.T, a *awsfake.Account, values string) []Result {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": awsfake.StartAccount(t, a), "AWS_REGION": "ap-northeast-1", "AWS_ACCESS_KEY_ID": "test",
		"AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "env"), 0o700); err != nil {
		t.Fatal(err)
	}
	if values != "" {
		if err := os.WriteFile(filepath.Join(dir, "env", "site.auto.tfvars"), []byte(values), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	deps := wire.New(t.Context(), &config.Settings{}, slog.New(slog.DiscardHandler))
	return New(deps).RunEstate(t.Context(), dir, func(Result) {})
}
