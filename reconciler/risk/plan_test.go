package risk

import (
	"encoding/json"
	"os"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/modules/tftest"
)

// TestPlanOfTheRealProvider judges what the real AWS provider plans from a state, without
// AWS: it computes and normalizes values that the tables do not show.
func TestPlanOfTheRealProvider(t *testing.T) {
	t.Parallel()
	tf := tftest.New(t, map[string]string{"plan": "testdata/plan"})
	state, err := os.ReadFile("testdata/plan/state.json")
	if err != nil {
		t.Fatal(err)
	}
	tf.Write(t, "plan/terraform.tfstate", string(state))
	tf.Run(t, "plan", "plan", "-refresh=false", "-out=planned")
	var plan tfjson.Plan
	plan.UseJSONNumber(true)
	if err := json.Unmarshal(tf.Run(t, "plan", "show", "-json", "planned"), &plan); err != nil {
		t.Fatal(err)
	}
	want := map[string]struct {
		risk Class
		rule string
	}{
		"aws_autoscaling_group.a":                 {Interruption, "aws_autoscaling_group.shrunk"},
		"aws_backup_vault_lock_configuration.l":   {Loss, "aws_backup_vault_lock_configuration.compliance"},
		"aws_cloudwatch_log_group.l":              {Loss, "aws_cloudwatch_log_group.retention_in_days"},
		"aws_db_instance.encrypted":               {Loss, "data.aws_db_instance"},
		"aws_db_instance.main":                    {Loss, "aws_db_instance.deletion_protection"},
		"aws_ecs_task_definition.t":               {Update, "routine.aws_ecs_task_definition"},
		"aws_eip.old":                             {Loss, "identity.aws_eip"},
		"aws_globalaccelerator_endpoint_group.g":  {Update, "aws_globalaccelerator_endpoint_group.client_ip.otherwise"},
		"aws_lambda_permission.p":                 {Update, "routine.aws_lambda_permission"},
		"aws_lb_target_group.t":                   {Replace, "traffic.aws_lb_target_group"},
		"aws_network_acl_rule.r":                  {Replace, "traffic.aws_network_acl_rule"},
		"aws_route.r":                             {Interruption, "aws_route.target"},
		"aws_route53_record.w":                    {Interruption, "aws_route53_record.answer"},
		"aws_s3_bucket_lifecycle_configuration.l": {Loss, "aws_s3_bucket_lifecycle_configuration.sooner"},
		"aws_s3_bucket_versioning.v":              {Loss, "aws_s3_bucket_versioning.suspended"},
		"aws_sns_topic.t":                         {Update, "harmless.aws_*.everywhere"},
		"aws_vpc_security_group_ingress_rule.i":   {Interruption, "aws_vpc_security_group_ingress_rule.range"},
		"terraform_data.run":                      {Interruption, "action.provisioner"},
	}
	report := Judge(&plan)
	if len(report.Changes) != len(want) {
		t.Errorf("%d changes, not %d", len(report.Changes), len(want))
	}
	for _, got := range report.Changes {
		if w := want[got.Address]; got.Risk != w.risk || got.Rule != w.rule || got.Unjudged {
			t.Errorf("%s: %v by %s (unjudged %v), not %v by %s: %s", got.Address, got.Risk, got.Rule, got.Unjudged, w.risk, w.rule, got.Why.En)
		}
	}
}
