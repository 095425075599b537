mock_provider "aws" {
  source          = "../mocks"
  override_during = plan

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/mocked"
      id  = "mocked"
    }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/mocked" }
  }

  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:ap-northeast-1:123456789012:table/reconcile" }
  }

  mock_resource "aws_ecr_repository" {
    defaults = {
      arn            = "arn:aws:ecr:ap-northeast-1:123456789012:repository/reconcile"
      repository_url = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/reconcile"
    }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:reconcile/mocked-AbCdEf" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/reconcile/reconcile" }
  }

  mock_resource "aws_ecs_cluster" {
    defaults = {
      arn = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/reconcile"
      id  = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/reconcile"
    }
  }

  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/reconcile:1" }
  }

  mock_resource "aws_eip" {
    defaults = {
      public_ip     = "192.0.2.10"
      allocation_id = "eipalloc-0123456789abcdef0"
    }
  }
}

variables {
  repository   = "https://example.backlog.com/git/INFRA/estate.git"
  image_digest = "sha256:0f9c1fe6eb4b8a6a1f4b1ad1e7f4f0a0a4f6b6b0a3a45c1d6dc8a52a1d8f0c3e"
  network = {
    cidr                = "10.255.0.0/24"
    flow_log_bucket_arn = "arn:aws:s3:::example-flow-logs"
    zones = {
      a = { id = "apne1-az4", public = "10.255.0.0/28", private = "10.255.0.16/28" }
      c = { id = "apne1-az1", public = "10.255.0.32/28", private = "10.255.0.48/28" }
    }
  }
  kms_key_arn      = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  snapshots        = { bucket = "example-reconcile" }
  alarm_topic_arns = ["arn:aws:sns:ap-northeast-1:123456789012:alarms"]
  tags             = { Owner = "platform", DataClass = "confidential", Environment = "test" }
}

run "keeps_a_record_that_is_not_lost" {
  command = plan

  assert {
    condition = (
      aws_dynamodb_table.this.hash_key == "pk" && aws_dynamodb_table.this.range_key == "sk" &&
      { for a in aws_dynamodb_table.this.attribute : a.name => a.type } == { pk = "S", sk = "S" } &&
      one(aws_dynamodb_table.this.ttl).attribute_name == "expires" && one(aws_dynamodb_table.this.ttl).enabled &&
      aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST"
    )
    error_message = "The table is not the one that the program checks for."
  }

  assert {
    condition     = aws_dynamodb_table.this.deletion_protection_enabled && one(aws_dynamodb_table.this.point_in_time_recovery).enabled && one(aws_dynamodb_table.this.server_side_encryption).kms_key_arn == var.kms_key_arn
    error_message = "The table can be lost, or is not encrypted with the key."
  }

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && one(aws_ecr_repository.this.encryption_configuration).kms_key == var.kms_key_arn
    error_message = "An image can be put over another, or is not encrypted with the key."
  }

  assert {
    condition     = alltrue([for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules : rule.selection.tagStatus == "untagged"])
    error_message = "A tagged image could expire while it is in use."
  }

  assert {
    condition     = keys(aws_secretsmanager_secret.this) == ["digest-key", "git"] && alltrue([for s in aws_secretsmanager_secret.this : s.kms_key_id == var.kms_key_arn && s.recovery_window_in_days == 30])
    error_message = "The secrets are others, or can be lost at once."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 400 && aws_cloudwatch_log_group.this.skip_destroy && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn
    error_message = "Logs are not kept for 400 days."
  }
}

run "runs_by_digest_with_time_to_stop" {
  command = plan

  variables {
    settings = { RECONCILE_BRANCH = "production", TF_VAR_image = "app:1" }
  }

  assert {
    condition     = aws_ecs_task_definition.this["pass"].runtime_platform[0].cpu_architecture == "ARM64" && aws_ecs_task_definition.this["pass"].requires_compatibilities == toset(["FARGATE"])
    error_message = "It does not run on Fargate on ARM64."
  }

  assert {
    condition = [for c in jsondecode(aws_ecs_task_definition.this["pass"].container_definitions) : [c.image, c.command, c.stopTimeout, c.readonlyRootFilesystem, c.user, c.mountPoints[0].containerPath]] == [[
      "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/reconcile@sha256:0f9c1fe6eb4b8a6a1f4b1ad1e7f4f0a0a4f6b6b0a3a45c1d6dc8a52a1d8f0c3e",
      ["now", "--trigger", "schedule"], 120, true, "65532:65532", "/var/lib/reconcile",
    ]]
    error_message = "The container is another, or has no time to stop."
  }

  assert {
    condition = { for e in jsondecode(aws_ecs_task_definition.this["pass"].container_definitions)[0].environment : e.name => e.value } == {
      RECONCILE_BRANCH          = "production"
      RECONCILE_DIGEST_KEY      = "secretsmanager://reconcile/digest-key"
      RECONCILE_GIT_CREDENTIALS = "secretsmanager://reconcile/git"
      RECONCILE_GATE            = "safe"
      RECONCILE_OUTPUT          = "json"
      RECONCILE_METRICS         = "emf"
      OTEL_SERVICE_NAME         = "Reconcile/reconcile"
      RECONCILE_REPO            = "https://example.backlog.com/git/INFRA/estate.git"
      RECONCILE_SNAPSHOTS       = "s3://example-reconcile/snapshots"
      RECONCILE_STATE           = "dynamodb://reconcile"
      TF_VAR_image              = "app:1"
    }
    error_message = "The settings are others."
  }

  # Whatever else runs it has the same.
  assert {
    condition     = output.environment == { for e in jsondecode(aws_ecs_task_definition.this["pass"].container_definitions)[0].environment : e.name => e.value }
    error_message = "A build would run with other settings than the task."
  }
}

run "the_schedule_is_made_disabled" {
  command = plan

  assert {
    condition     = aws_scheduler_schedule.this["pass"].state == "DISABLED" && length(aws_ecs_service.this) == 0
    error_message = "It starts before anybody has looked at it."
  }

  assert {
    condition     = one(one(aws_scheduler_schedule.this["pass"].target).retry_policy).maximum_retry_attempts == 0
    error_message = "A failed start is tried again for a day."
  }

  assert {
    condition     = !one(one(one(aws_scheduler_schedule.this["pass"].target).ecs_parameters).network_configuration).assign_public_ip
    error_message = "The task has an address that is not fixed."
  }

  assert {
    condition     = !local.running
    error_message = "An alarm wakes people about passes that nobody asked for."
  }
}

run "enabled" {
  command = plan

  variables {
    run = { enabled = true, schedule = "rate(10 minutes)", alarm_minutes = 60, behind_minutes = 30 }
  }

  assert {
    condition     = aws_scheduler_schedule.this["pass"].state == "ENABLED" && aws_scheduler_schedule.this["pass"].schedule_expression == "rate(10 minutes)"
    error_message = "The schedule does not run."
  }

  assert {
    condition = (
      local.running && local.alarms["reconcile-no-pass-completed"].periods == 12 && local.alarms["reconcile-no-pass-completed"].missing == "breaching" &&
      local.alarms["reconcile-behind"].threshold == 1800
    )
    error_message = "Nobody is told that passes are missing, or that the branch is ahead, or not in time."
  }

  assert {
    condition     = toset(keys(module.alarms.alarms)) == toset(["reconcile-no-pass-completed", "reconcile-behind", "reconcile-workspace-failed", "reconcile-drifted"])
    error_message = "An alarm is missing, or there are others."
  }
}

run "watches" {
  command = plan

  variables {
    run = { mode = "watch", enabled = true, interval = "30s" }
  }

  assert {
    condition     = length(aws_scheduler_schedule.this) == 0 && aws_ecs_service.this[0].desired_count == 1 && aws_ecs_service.this[0].deployment_circuit_breaker[0].rollback
    error_message = "No task stays."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["pass"].container_definitions)[0].command == ["watch", "--interval", "30s"]
    error_message = "The task does not watch."
  }
}

run "watch_is_made_disabled" {
  command = plan

  variables {
    run = { mode = "watch" }
  }

  assert {
    condition     = aws_ecs_service.this[0].desired_count == 0
    error_message = "It starts before anybody has looked at it."
  }
}

run "nothing_runs_without_an_image" {
  command = plan

  variables {
    image_digest = null
    run          = { enabled = true }
  }

  assert {
    condition     = length(aws_ecs_task_definition.this) + length(aws_scheduler_schedule.this) + length(aws_ecs_service.this) == 0 && output.task_definition_arn == null
    error_message = "Something would run an image that is not there."
  }

  assert {
    condition     = !local.running
    error_message = "An alarm wakes people about passes that cannot be."
  }
}

run "reaches_out_from_fixed_addresses" {
  command = plan

  assert {
    condition     = keys(output.egress_addresses) == ["a", "c"]
    error_message = "A zone has no fixed address."
  }

  assert {
    condition = { for name, route in module.routes.routes : name => route.cidr } == {
      "private-a internet" = "0.0.0.0/0", "private-c internet" = "0.0.0.0/0", "public internet" = "0.0.0.0/0"
    }
    error_message = "A subnet has no way out."
  }

  assert {
    condition     = module.security_group.ingress == {} && [for r in module.security_group.egress : r.to_port] == [443]
    error_message = "Something gets in, or out by another port than 443."
  }
}

run "finds_only_who_is_listed" {
  command = plan

  assert {
    condition = { for kind, list in aws_route53_resolver_firewall_domain_list.this : kind => list.domains } == {
      allowed = toset(["*.amazonaws.com.", "*.api.aws.", "example.backlog.com.", "registry.terraform.io.", "releases.hashicorp.com."])
      others  = toset(["*."])
    }
    error_message = "Others are found by name, or Git, AWS or the registry are not."
  }

  assert {
    condition = { for kind, rule in aws_route53_resolver_firewall_rule.this : kind => [rule.action, coalesce(rule.block_response, "-"), rule.priority, rule.firewall_domain_redirection_action] } == {
      allowed = ["ALLOW", "-", 100, "TRUST_REDIRECTION_DOMAIN"]
      others  = ["BLOCK", "NODATA", 200, "TRUST_REDIRECTION_DOMAIN"]
    }
    error_message = "The rules do not let through who is listed, or stop not the rest."
  }

  assert {
    condition     = aws_route53_resolver_firewall_rule_group_association.this[0].vpc_id == module.vpc.id
    error_message = "Another network is guarded."
  }
}

run "finds_everybody_if_told_so" {
  command = plan

  variables {
    domains = null
  }

  assert {
    condition     = length(aws_route53_resolver_firewall_domain_list.this) + length(aws_route53_resolver_firewall_rule.this) + length(aws_route53_resolver_firewall_rule_group_association.this) == 0
    error_message = "Names are looked through that nobody asked to."
  }
}

run "refuses_a_domain_that_is_an_address" {
  command = plan

  variables {
    domains = ["https://registry.terraform.io"]
  }

  expect_failures = [var.domains]
}

run "may_do_no_more_than_a_pass_needs" {
  command = plan

  variables {
    workspace_roles        = ["arn:aws:iam::123456789012:role/plan-tokyo"]
    codebuild_project_arns = ["arn:aws:codebuild:ap-northeast-1:123456789012:project/reconcile"]
    permissions_boundary   = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition = { for s in jsondecode(aws_iam_policy.task.policy).Statement : s.Sid => s.Action } == {
      Record        = ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
      Snapshots     = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      SnapshotsList = ["s3:ListBucket"]
      Secrets       = ["secretsmanager:GetSecretValue"]
      Key           = ["kms:Decrypt", "kms:GenerateDataKey"]
      Tasks         = ["ecs:DescribeTasks"]
      Builds        = ["codebuild:BatchGetBuilds"]
      Workspaces    = ["sts:AssumeRole"]
    }
    error_message = "The task may do more, or less."
  }

  assert {
    condition     = alltrue(flatten([for s in jsondecode(aws_iam_policy.task.policy).Statement : [for r in s.Resource : r != "*"]]))
    error_message = "The task may act on everything."
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_policy.task.policy).Statement : s.Resource if s.Sid == "Snapshots"] == [["arn:aws:s3:::mocked/snapshots/*"]]
    error_message = "The task may write outside the snapshots' prefix."
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.this["execution"].policy).Statement : s.Sid if contains(s.Resource, "*")] == ["Login"]
    error_message = "The execution role may do on everything what is not a login."
  }

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.this["scheduler"].policy).Statement : s.Sid => keys(s.Condition)[0] } == {
      Run = "ArnEquals", PassRoles = "StringEquals", Tag = "StringEquals"
    }
    error_message = "The scheduler may run or pass anything."
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.this : role.permissions_boundary == var.permissions_boundary && jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"])
    error_message = "A role has no boundary, or serves other accounts."
  }
}

run "uses_states_as_terraform_does" {
  command = plan

  variables {
    states = { tokyo = { bucket_arn = "arn:aws:s3:::example-states", kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/22222222-2222-3333-4444-555555555555", prefix = "tokyo/" } }
  }

  assert {
    condition = { for s in jsondecode(aws_iam_policy.task.policy).Statement : replace(s.Sid, md5("tokyo"), "") => [s.Action, s.Resource, can(s.Condition)] if endswith(s.Sid, md5("tokyo")) } == {
      StateList = [["s3:ListBucket"], ["arn:aws:s3:::example-states"], false]
      State     = [["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::example-states/tokyo/*"], false]
      StateLock = [["s3:DeleteObject"], ["arn:aws:s3:::example-states/tokyo/*.tflock"], false]
      StateKey  = [["kms:Decrypt", "kms:GenerateDataKey"], ["arn:aws:kms:ap-northeast-1:123456789012:key/22222222-2222-3333-4444-555555555555"], true]
    }
    error_message = "Terraform would be refused, or could delete a state."
  }
}

run "makes_other_secrets_that_it_cannot_read" {
  command = plan

  variables {
    secrets = { webhook = "Token in the URL that Backlog calls" }
  }

  assert {
    condition     = keys(output.secret_arns) == ["digest-key", "git", "webhook"]
    error_message = "The secret is not made."
  }

  assert {
    condition     = [for s in local.policies.task : length(s.Resource) if s.Sid == "Secrets"] == [2]
    error_message = "The task may read a secret that is not its own."
  }
}

run "refuses_a_name_in_capitals" {
  command = plan

  variables {
    name = "Reconcile"
  }

  expect_failures = [var.name]
}

run "refuses_a_repository_by_ssh" {
  command = plan

  variables {
    repository = "example@example.git.backlog.com:/INFRA/estate.git"
  }

  expect_failures = [var.repository]
}

run "refuses_an_image_by_tag" {
  command = plan

  variables {
    image_digest = "latest"
  }

  expect_failures = [var.image_digest]
}

run "refuses_a_mode_that_is_none" {
  command = plan

  variables {
    run = { mode = "cron" }
  }

  expect_failures = [var.run]
}

run "refuses_a_schedule_that_is_none" {
  command = plan

  variables {
    run = { schedule = "every 5 minutes" }
  }

  expect_failures = [var.run]
}

run "refuses_an_interval_without_unit" {
  command = plan

  variables {
    run = { interval = "30" }
  }

  expect_failures = [var.run]
}

run "refuses_an_alarm_at_once" {
  command = plan

  variables {
    run = { behind_minutes = 1 }
  }

  expect_failures = [var.run]
}

run "refuses_an_alarm_after_three_minutes" {
  command = plan

  variables {
    run = { alarm_minutes = 3, schedule = "rate(1 minute)" }
  }

  expect_failures = [var.run]
}

run "refuses_an_alarm_between_two_passes" {
  command = plan

  variables {
    run = { alarm_minutes = 60, schedule = "rate(2 hours)" }
  }

  expect_failures = [var.run]
}

run "refuses_a_size_that_fargate_has_not" {
  command = plan

  variables {
    size = { cpu = 1024, memory = 1024 }
  }

  expect_failures = [var.size]
}

run "refuses_a_disk_too_small" {
  command = plan

  variables {
    size = { disk_gib = 10 }
  }

  expect_failures = [var.size]
}

run "refuses_another_gate" {
  command = plan

  variables {
    gate = "never"
  }

  expect_failures = [var.gate]
}

run "names_who_may_approve" {
  command = plan

  variables {
    approvers = "/reconcile/approvers"
    preview   = { enabled = true, plan_roles = ["arn:aws:iam::123456789012:role/reconcile/plan-tokyo"] }
  }

  assert {
    condition = { for kind, task in aws_ecs_task_definition.this : kind => [for e in jsondecode(task.container_definitions)[0].environment : e.value if e.name == "RECONCILE_APPROVERS"] } == {
      pass = ["ssm:///reconcile/approvers"], planner = [], preview = ["ssm:///reconcile/approvers"]
    }
    error_message = "A pass and a preview need it, and a planner does not."
  }

  assert {
    condition = jsonencode({ for name in ["planner", "preview", "task"] : name => [for s in local.policies[name] : s.Resource if s.Sid == "Approvers"] }) == jsonencode({
      planner = []
      preview = [["arn:aws:ssm:ap-northeast-1:123456789012:parameter/reconcile/approvers"]]
      task    = [["arn:aws:ssm:ap-northeast-1:123456789012:parameter/reconcile/approvers"]]
    })
    error_message = "The parameter cannot be read, or the planner may read it."
  }

  assert {
    condition     = !strcontains(jsonencode(local.policies), "ssm:Put") && !strcontains(jsonencode(local.policies), "ssm:Delete") && !strcontains(jsonencode(local.policies), "ssm:*")
    error_message = "A task may change who may approve."
  }
}

run "refuses_approvers_without_a_path" {
  command = plan

  variables {
    approvers = "ssm:///reconcile/approvers"
  }

  expect_failures = [var.approvers]
}

run "refuses_a_setting_of_the_modules" {
  command = plan

  variables {
    settings = { RECONCILE_STATE = "dynamodb://other" }
  }

  expect_failures = [var.settings]
}

run "refuses_a_secret_as_a_setting" {
  command = plan

  variables {
    settings = { RECONCILE_GIT_PASSWORD = "correct horse" }
  }

  expect_failures = [var.settings]
}

run "refuses_no_zone" {
  command = plan

  variables {
    network = { cidr = "10.255.0.0/24", flow_log_bucket_arn = "arn:aws:s3:::example-flow-logs", zones = {} }
  }

  expect_failures = [var.network]
}

run "refuses_an_alias_as_key" {
  command = plan

  variables {
    kms_key_arn = "alias/reconcile"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_a_prefix_with_a_slash" {
  command = plan

  variables {
    snapshots = { bucket = "example-reconcile", prefix = "/snapshots/" }
  }

  expect_failures = [var.snapshots]
}

run "refuses_a_secret_that_is_there_anyway" {
  command = plan

  variables {
    secrets = { git = "Another" }
  }

  expect_failures = [var.secrets]
}

run "refuses_every_role" {
  command = plan

  variables {
    workspace_roles = ["arn:aws:iam::123456789012:role/*"]
  }

  expect_failures = [var.workspace_roles]
}

run "refuses_a_state_bucket_by_name" {
  command = plan

  variables {
    states = { tokyo = { bucket_arn = "example-states", kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/22222222-2222-3333-4444-555555555555" } }
  }

  expect_failures = [var.states]
}

run "refuses_a_state_prefix_without_end" {
  command = plan

  variables {
    states = { tokyo = { bucket_arn = "arn:aws:s3:::example-states", kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/22222222-2222-3333-4444-555555555555", prefix = "tokyo" } }
  }

  expect_failures = [var.states]
}

run "refuses_a_project_by_name" {
  command = plan

  variables {
    codebuild_project_arns = ["reconcile"]
  }

  expect_failures = [var.codebuild_project_arns]
}

run "refuses_to_tell_nobody" {
  command = plan

  variables {
    alarm_topic_arns = []
  }

  expect_failures = [var.alarm_topic_arns]
}

run "refuses_a_boundary_by_name" {
  command = plan

  variables {
    permissions_boundary = "boundary"
  }

  expect_failures = [var.permissions_boundary]
}

run "previews_can_only_plan" {
  command = plan

  variables {
    preview = { enabled = true, plan_roles = ["arn:aws:iam::123456789012:role/reconcile/plan-tokyo"] }
  }

  assert {
    condition = { for kind in ["planner", "preview"] : kind => [for c in jsondecode(aws_ecs_task_definition.this[kind].container_definitions) : [c.command, c.readonlyRootFilesystem]] } == {
      planner = [[["worker", "plan"], true]]
      preview = [[["preview"], true]]
    }
    error_message = "The tasks do not run previews and plans."
  }

  assert {
    condition     = { for kind, task in aws_ecs_task_definition.this : kind => task.family } == { pass = "reconcile", planner = "reconcile-planner", preview = "reconcile-preview" }
    error_message = "A task takes the place of another."
  }

  assert {
    condition = { for kind in ["planner", "preview"] : kind => [for e in jsondecode(aws_ecs_task_definition.this[kind].container_definitions)[0].environment : e.name if can(regex("GIT|BACKLOG|EXECUTOR", e.name))] } == {
      planner = []
      preview = ["RECONCILE_BACKLOG_CREDENTIALS", "RECONCILE_EXECUTOR", "RECONCILE_GIT_CREDENTIALS"]
    }
    error_message = "The planner is told of Git's or Backlog's secret, or the preview not of a planner."
  }

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.this["preview"].policy).Statement : s.Sid => s.Action } == {
      Record         = ["dynamodb:GetItem", "dynamodb:Query"]
      Given          = ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"]
      Parcels        = ["s3:GetObject", "s3:PutObject"]
      ParcelsList    = ["s3:ListBucket"]
      Secrets        = ["secretsmanager:GetSecretValue"]
      Key            = ["kms:Decrypt", "kms:GenerateDataKey"]
      Start          = ["ecs:RunTask"]
      StartPassRoles = ["iam:PassRole"]
      Tasks          = ["ecs:DescribeTasks"]
    }
    error_message = "The role of previews may be another role, or write what is not its own."
  }

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.this["planner"].policy).Statement : s.Sid => [s.Effect, s.Action] } == {
      Record  = ["Allow", ["dynamodb:GetItem", "dynamodb:Query"]]
      Given   = ["Deny", ["dynamodb:GetItem", "dynamodb:Query"]]
      Parcel  = ["Allow", ["s3:GetObject"]]
      Answer  = ["Allow", ["s3:PutObject"]]
      Secrets = ["Allow", ["secretsmanager:GetSecretValue"]]
      Key     = ["Allow", ["kms:Decrypt", "kms:GenerateDataKey"]]
      Plans   = ["Allow", ["sts:AssumeRole"]]

      Elsewhere = ["Deny", ["*"]]
    }
    error_message = "The role of planners may do more than read the record, answer, and be the plan roles."
  }

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.this["planner"].policy).Statement : s.Sid => s.Resource if contains(["Answer", "Parcel", "Plans"], s.Sid) } == {
      Answer = ["arn:aws:s3:::mocked/snapshots/previews/*/answer.json"]
      Parcel = [for part in ["merged.tar.zst", "order.json", "tip.tar.zst"] : "arn:aws:s3:::mocked/snapshots/previews/*/${part}"]
      Plans  = ["arn:aws:iam::123456789012:role/reconcile/plan-tokyo"]
    }
    error_message = "Planners may be others than the plan roles, or write more than their answers."
  }

  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.this["planner"].policy).Statement : join(" ", sort(flatten([for operator in values(s.Condition) : keys(operator)]))) if s.Sid == "Elsewhere"] == ["aws:SourceIp aws:SourceVpc aws:ViaAWSService"] && (
      [for e in jsondecode(aws_ecs_task_definition.this["planner"].container_definitions)[0].environment : length(split(",", e.value)) if e.name == "RECONCILE_PLAN_FROM"] == [1 + length(var.network.zones)]
    )
    error_message = "What a planner is given is good outside of its network."
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.this["planner"].policy).Statement : length(s.Resource) if s.Sid == "Secrets"] == [1]
    error_message = "Planners may read more than one secret."
  }

  assert {
    condition = [for r in module.planner_security_group["this"].egress : [r.from_port, r.to_port]] == [[443, 443]] && module.planner_security_group["this"].ingress == {} && (
      strcontains([for e in jsondecode(aws_ecs_task_definition.this["preview"].container_definitions)[0].environment : e.value if e.name == "RECONCILE_EXECUTOR"][0], "ecs://reconcile/reconcile-planner?container=reconcile&subnets=")
    )
    error_message = "Planners reach out by another port than 443, or are started as something else."
  }

  assert {
    condition     = aws_scheduler_schedule.this["preview"].state == "ENABLED" && aws_scheduler_schedule.this["pass"].state == "DISABLED" && keys(aws_secretsmanager_secret.this) == ["backlog", "digest-key", "git"]
    error_message = "Previews are not on a schedule of their own, or have no key of Backlog."
  }

  assert {
    condition     = length([for s in jsondecode(aws_iam_policy.task.policy).Statement : s if s.Sid == "Secrets" && length(s.Resource) != 2]) == 0 && output.planner_role_arn != null
    error_message = "A pass may read the key of Backlog, or nobody can trust the role of planners."
  }
}

run "previews_apply_nothing" {
  command = plan

  variables {
    preview = { plan_roles = ["arn:aws:iam::123456789012:role/reconcile/apply-tokyo"] }
  }

  expect_failures = [var.preview]
}

run "no_previews_unless_asked_for" {
  command = plan

  assert {
    condition     = keys(aws_ecs_task_definition.this) == ["pass"] && keys(aws_iam_role.this) == ["execution", "scheduler", "task"] && output.planner_role_arn == null
    error_message = "There is a part of previews."
  }
}

run "drift_is_looked_for_once_a_day" {
  command = plan

  variables {
    run    = { enabled = true }
    drift  = { enabled = true }
    notify = { backlog = true }
  }

  assert {
    condition = [for c in jsondecode(aws_ecs_task_definition.this["drift"].container_definitions) : [c.command, [for e in c.environment : e.value if e.name == "RECONCILE_NOTIFY"]]] == [[["drift"], ["backlog"]]] && (
      aws_ecs_task_definition.this["drift"].family == "reconcile-drift"
    )
    error_message = "The task does not look for drift, or tells nobody."
  }

  assert {
    condition     = aws_scheduler_schedule.this["drift"].state == "ENABLED" && aws_scheduler_schedule.this["drift"].schedule_expression == "rate(1 day)"
    error_message = "Drift is not looked for once a day."
  }

  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.this["scheduler"].policy).Statement : s.Resource if s.Sid == "Run"] == [[
      "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/reconcile:*",
      "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/reconcile-drift:*",
    ]]
    error_message = "The schedule may not start it, or may start more."
  }
}

run "drift_has_a_schedule" {
  command = plan

  variables {
    drift = { schedule = "sometimes" }
  }

  expect_failures = [var.drift]
}

run "previews_have_a_schedule" {
  command = plan

  variables {
    preview = { schedule = "now and then", plan_roles = [] }
  }

  expect_failures = [var.preview]
}

run "passes_tell_people" {
  command = plan

  variables {
    image_digest = "sha256:0f9c1fe6eb4b8a6a1f4b1ad1e7f4f0a0a4f6b6b0a3a45c1d6dc8a52a1d8f0c3e"
    notify       = { topic_arns = ["arn:aws:sns:ap-northeast-1:123456789012:alarms"], backlog = true, issues = "Task" }
  }

  assert {
    condition = { for e in jsondecode(aws_ecs_task_definition.this["pass"].container_definitions)[0].environment : e.name => e.value if startswith(e.name, "RECONCILE_NOTIFY") || startswith(e.name, "RECONCILE_BACKLOG") } == {
      RECONCILE_BACKLOG_CREDENTIALS = "secretsmanager://reconcile/backlog"
      RECONCILE_NOTIFY              = "backlog,sns://arn:aws:sns:ap-northeast-1:123456789012:alarms"
      RECONCILE_NOTIFY_ISSUES       = "Task"
    }
    error_message = "The task does not know whom to tell."
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_policy.task.policy).Statement : s.Resource if s.Sid == "Tell"] == [["arn:aws:sns:ap-northeast-1:123456789012:alarms"]] && contains(keys(aws_secretsmanager_secret.this), "backlog")
    error_message = "The task may not tell, or tells anybody."
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_policy.task.policy).Statement : length(s.Resource) if s.Sid == "Secrets"] == [3]
    error_message = "The task cannot read the key of Backlog."
  }
}

run "a_topic_is_an_arn" {
  command = plan

  variables {
    notify = { topic_arns = ["alarms"] }
  }

  expect_failures = [var.notify]
}

run "issues_are_in_backlog" {
  command = plan

  variables {
    notify = { issues = "Task" }
  }

  expect_failures = [var.notify]
}

run "workspaces_have_tasks_of_their_own" {
  command = plan

  variables {
    image_digest         = "sha256:0f9c1fe6eb4b8a6a1f4b1ad1e7f4f0a0a4f6b6b0a3a45c1d6dc8a52a1d8f0c3e"
    tasks_for_workspaces = true
  }

  assert {
    condition     = one([for e in jsondecode(aws_ecs_task_definition.this["pass"].container_definitions)[0].environment : startswith(e.value, "ecs://reconcile/reconcile-worker?container=reconcile&subnets=subnet-") if e.name == "RECONCILE_EXECUTOR"])
    error_message = "The pass does not know where to start tasks."
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_policy.task.policy).Statement : s.Resource if contains(["Start", "StartPassRoles"], s.Sid)] == [["arn:aws:iam::123456789012:role/reconcile/reconcile-execution", "arn:aws:iam::123456789012:role/reconcile/reconcile-task"], ["arn:aws:ecs:ap-northeast-1:123456789012:task-definition/reconcile-worker:*"]]
    error_message = "The pass may start others than its workers, or not even those."
  }
}

run "a_pass_that_only_asks_is_small" {
  command = plan

  variables {
    tasks_for_workspaces = true
  }

  assert {
    condition = (
      aws_ecs_task_definition.this["pass"].cpu == "256" && aws_ecs_task_definition.this["pass"].memory == "1024" && length(aws_ecs_task_definition.this["pass"].ephemeral_storage) == 0 &&
      aws_ecs_task_definition.this["worker"].cpu == "1024" && aws_ecs_task_definition.this["worker"].memory == "4096"
    )
    error_message = "The task that asks is as large as those that work, or those are as small."
  }

  assert {
    condition     = !contains(keys(output.environment), "RECONCILE_EXECUTOR") && !contains(keys(aws_scheduler_schedule.this), "worker")
    error_message = "Other runners start tasks, or a worker is started without a task."
  }
}

run "one_nat_gateway_serves_two_zones" {
  command = plan

  variables {
    network = {
      cidr                = "10.255.0.0/24"
      flow_log_bucket_arn = "arn:aws:s3:::example-flow-logs"
      zones = {
        a = { id = "apne1-az4", public = "10.255.0.0/28", private = "10.255.0.16/28", nat = false }
        c = { id = "apne1-az1", public = "10.255.0.32/28", private = "10.255.0.48/28" }
      }
    }
  }

  assert {
    condition     = keys(output.egress_addresses) == ["c"] && keys(module.vpc.nat_gateway_ids) == ["public-c"] && keys(output.network.subnet_ids) == ["a", "c"]
    error_message = "A zone has no way out, or a second NAT gateway."
  }
}

run "closed_keeps_its_addresses" {
  command = plan

  variables {
    network = {
      cidr                = "10.255.0.0/24"
      flow_log_bucket_arn = "arn:aws:s3:::example-flow-logs"
      egress              = "closed"
      zones               = { a = { id = "apne1-az4", public = "10.255.0.0/28", private = "10.255.0.16/28" } }
    }
  }

  assert {
    condition     = length(module.vpc.nat_gateway_ids) == 0 && output.egress_addresses == { a = "192.0.2.10" } && keys(output.network.subnet_ids) == ["a"]
    error_message = "A NAT gateway is paid for, or its address is lost."
  }
}

run "public_has_no_nat_gateway" {
  command = plan

  variables {
    network = {
      cidr                = "10.255.0.0/24"
      flow_log_bucket_arn = "arn:aws:s3:::example-flow-logs"
      egress              = "public"
      zones               = { a = { id = "apne1-az4", public = "10.255.0.0/28" } }
    }
    tasks_for_workspaces = true
  }

  assert {
    condition     = length(module.vpc.nat_gateway_ids) + length(output.egress_addresses) == 0 && keys(module.vpc.subnets) == ["public-a"]
    error_message = "There is a NAT gateway, or an address that nobody uses."
  }

  assert {
    condition     = one(aws_scheduler_schedule.this["pass"].target[0].ecs_parameters[0].network_configuration).assign_public_ip
    error_message = "A pass has no way out."
  }

  assert {
    condition     = one([for e in jsondecode(aws_ecs_task_definition.this["pass"].container_definitions)[0].environment : endswith(e.value, "&public_ip=true") if e.name == "RECONCILE_EXECUTOR"])
    error_message = "What a pass starts has no way out."
  }
}

run "previews_need_a_fixed_address" {
  command = plan

  variables {
    network = {
      cidr                = "10.255.0.0/24"
      flow_log_bucket_arn = "arn:aws:s3:::example-flow-logs"
      egress              = "public"
      zones               = { a = { id = "apne1-az4", public = "10.255.0.0/28" } }
    }
    preview = { plan_roles = ["arn:aws:iam::123456789012:role/reconcile/plan-tokyo"] }
  }

  expect_failures = [var.preview]
}

run "refuses_another_way_out" {
  command = plan

  variables {
    network = {
      cidr                = "10.255.0.0/24"
      flow_log_bucket_arn = "arn:aws:s3:::example-flow-logs"
      egress              = "vpn"
      zones               = { a = { id = "apne1-az4", public = "10.255.0.0/28", private = "10.255.0.16/28" } }
    }
  }

  expect_failures = [var.network]
}

run "refuses_no_nat_gateway_at_all" {
  command = plan

  variables {
    network = {
      cidr                = "10.255.0.0/24"
      flow_log_bucket_arn = "arn:aws:s3:::example-flow-logs"
      zones               = { a = { id = "apne1-az4", public = "10.255.0.0/28", private = "10.255.0.16/28", nat = false } }
    }
  }

  expect_failures = [var.network]
}

run "refuses_a_zone_without_a_private_subnet" {
  command = plan

  variables {
    network = {
      cidr                = "10.255.0.0/24"
      flow_log_bucket_arn = "arn:aws:s3:::example-flow-logs"
      zones = {
        a = { id = "apne1-az4", public = "10.255.0.0/28", private = "10.255.0.16/28" }
        c = { id = "apne1-az1", public = "10.255.0.32/28" }
      }
    }
  }

  expect_failures = [var.network]
}

run "refuses_a_small_size_that_fargate_has_not" {
  command = plan

  variables {
    small = { cpu = 256, memory = 4096 }
  }

  expect_failures = [var.small]
}

run "copies_its_snapshots_for_a_standby" {
  command = plan

  variables {
    snapshots = {
      bucket = "example-reconcile"
      prefix = "trees"
      replication = {
        bucket_arn  = "arn:aws:s3:::example-reconcile-osaka"
        role_arn    = "arn:aws:iam::123456789012:role/reconcile/replication"
        kms_key_arn = "arn:aws:kms:ap-northeast-3:123456789012:key/11111111-2222-3333-4444-555555555555"
      }
    }
  }

  assert {
    condition     = module.snapshots.replicated == { bucket_arn = "arn:aws:s3:::example-reconcile-osaka", prefix = "trees/" }
    error_message = "The standby finds no snapshots, or other objects of its bucket are replaced."
  }
}

run "no_page_unless_asked_for" {
  command = plan

  assert {
    condition     = length(module.page) == 0 && !contains(keys(output.environment), "RECONCILE_PAGE")
    error_message = "There is a page that nobody asked for."
  }
}

run "passes_write_the_page" {
  command = plan

  variables {
    page  = { bucket = "example-page", url = "https://reconcile.example.com" }
    drift = { enabled = true }
  }

  assert {
    condition = alltrue([for kind in ["pass", "drift"] : { for e in jsondecode(aws_ecs_task_definition.this[kind].container_definitions)[0].environment : e.name => e.value if startswith(e.name, "RECONCILE_PAGE") } == {
      RECONCILE_PAGE     = "s3://example-page/page"
      RECONCILE_PAGE_URL = "https://reconcile.example.com"
    }])
    error_message = "A task does not write the page, or notices do not link to it."
  }

  assert {
    condition     = output.environment.RECONCILE_PAGE == "s3://example-page/page"
    error_message = "Other runners do not write the page."
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_policy.task.policy).Statement : [s.Action, s.Resource] if startswith(s.Sid, "Page")] == [[["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::mocked/page/*"]], [["s3:ListBucket"], ["arn:aws:s3:::mocked"]]]
    error_message = "The task may write elsewhere, or not at all."
  }

  assert {
    condition     = output.page_bucket == { name = "example-page", arn = "arn:aws:s3:::mocked" }
    error_message = "Nobody learns where the page is."
  }
}

run "previews_write_no_page" {
  command = plan

  variables {
    page    = { bucket = "example-page", prefix = "pages/tokyo" }
    preview = { plan_roles = ["arn:aws:iam::123456789012:role/plan-tokyo"] }
  }

  assert {
    condition = alltrue([for kind in ["preview", "planner"] :
      length([for e in jsondecode(aws_ecs_task_definition.this[kind].container_definitions)[0].environment : e if startswith(e.name, "RECONCILE_PAGE")]) == 0 && length([for s in jsondecode(aws_iam_role_policy.this[kind].policy).Statement : s if startswith(s.Sid, "Page")]) == 0
    ])
    error_message = "What reads pull requests may write the page."
  }

  assert {
    condition     = { for e in jsondecode(aws_ecs_task_definition.this["pass"].container_definitions)[0].environment : e.name => e.value if startswith(e.name, "RECONCILE_PAGE") } == { RECONCILE_PAGE = "s3://example-page/pages/tokyo" }
    error_message = "The pass writes elsewhere."
  }
}

run "refuses_a_page_with_a_slash" {
  command = plan

  variables {
    page = { bucket = "example-page", prefix = "/page" }
  }

  expect_failures = [var.page]
}

run "refuses_a_page_without_an_address" {
  command = plan

  variables {
    page = { bucket = "example-page", url = "reconcile.example.com" }
  }

  expect_failures = [var.page]
}

run "refuses_a_page_among_snapshots" {
  command = plan

  variables {
    page = { bucket = "example-reconcile" }
  }

  expect_failures = [var.page]
}
