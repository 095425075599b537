mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name        = "shop-servers"
  description = "Servers of the shop"
  trust       = { services = ["ec2.amazonaws.com"] }
  tags        = { Owner = "shop", DataClass = "internal", Environment = "test" }

  statements = {
    ReadFiles = { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::example-files/*"] }
    Look      = { actions = ["ec2:DescribeInstances"], resources = ["*"] }
  }
}

run "may_do_what_it_says" {
  command = plan

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.this[0].policy).Statement : "${s.Effect} ${s.Sid}"] == ["Allow Look", "Allow ReadFiles"]
    error_message = "The statements are others."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this[0].policy).Statement[1] == { Sid = "ReadFiles", Effect = "Allow", Action = ["s3:GetObject"], Resource = ["arn:aws:s3:::example-files/*"] }
    error_message = "A statement says something else."
  }

  assert {
    condition     = length(aws_iam_instance_profile.this) == 1 && jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Principal.Service == "ec2.amazonaws.com"
    error_message = "Instances cannot have the role."
  }
}

run "trusts_services_for_this_account_and_roles_by_external_id" {
  command = plan

  variables {
    statements = {}
    trust = {
      services    = ["scheduler.amazonaws.com"]
      roles       = ["arn:aws:iam::210987654321:role/reconcile"]
      external_id = "direct-connect"
    }
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "The service would act for others, too."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[1].Condition.StringEquals["sts:ExternalId"] == "direct-connect"
    error_message = "The external id is not asked for."
  }

  assert {
    condition     = length(aws_iam_role_policy.this) == 0 && length(aws_iam_instance_profile.this) == 0
    error_message = "There is a policy or profile that nobody asked for."
  }
}

run "reasons_and_bounds_are_taken" {
  command = plan

  variables {
    permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
    managed_policies     = { ssm = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" }
    statements = {
      Roles  = { actions = ["iam:CreateRole"], resources = ["arn:aws:iam::123456789012:role/estate/*"] }
      Pass   = { actions = ["iam:PassRole"], resources = ["arn:aws:iam::123456789012:role/estate/task"], conditions = { StringEquals = { "iam:PassedToService" = ["ecs-tasks.amazonaws.com"] } } }
      Tokens = { actions = ["ecr:GetAuthorizationToken", "ecr:CreateRepository"], resources = ["*"], reason = "AWS takes no resource here." }
      Never  = { effect = "Deny", actions = ["iam:*"], resources = ["*"] }
    }
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary" && keys(aws_iam_role_policy_attachment.this) == ["ssm"]
    error_message = "The role is not bounded, or lacks a policy."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this[0].policy).Statement[1].Condition.StringEquals["iam:PassedToService"] == "ecs-tasks.amazonaws.com"
    error_message = "The condition is lost."
  }
}

run "people_come_with_mfa_and_under_their_own_name" {
  command = plan

  variables {
    trust = { people = true }
  }

  assert {
    condition = [for s in jsondecode(aws_iam_role.this.assume_role_policy).Statement : [s.Principal.AWS, s.Action, s.Condition.Bool["aws:MultiFactorAuthPresent"], s.Condition.StringEquals["sts:RoleSessionName"]]] == [
      ["arn:aws:iam::123456789012:root", "sts:AssumeRole", "true", "$${aws:username}"],
    ]
    error_message = "Somebody assumes it without MFA, or without a name."
  }
}

run "refuses_a_name_with_a_space" {
  command = plan

  variables {
    name = "shop servers"
  }

  expect_failures = [var.name]
}

run "refuses_a_path_without_an_end" {
  command = plan

  variables {
    path = "/estate"
  }

  expect_failures = [var.path]
}

run "refuses_trust_in_nobody" {
  command = plan

  variables {
    trust = {}
  }

  expect_failures = [var.trust]
}

run "refuses_trust_in_what_is_no_service" {
  command = plan

  variables {
    trust = { services = ["*"] }
  }

  expect_failures = [var.trust]
}

run "refuses_trust_in_an_account" {
  command = plan

  variables {
    trust = { roles = ["arn:aws:iam::210987654321:root"] }
  }

  expect_failures = [var.trust]
}

run "refuses_a_name_with_a_blank" {
  command = plan

  variables {
    statements = { "Read files" = { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::example-files/*"] } }
  }

  expect_failures = [var.statements]
}

run "refuses_an_unknown_effect" {
  command = plan

  variables {
    statements = { Read = { effect = "allow", actions = ["s3:GetObject"], resources = ["arn:aws:s3:::example-files/*"] } }
  }

  expect_failures = [var.statements]
}

run "refuses_a_statement_about_nothing" {
  command = plan

  variables {
    statements = { Read = { actions = [], resources = ["arn:aws:s3:::example-files/*"] } }
  }

  expect_failures = [var.statements]
}

run "denies_all_but_a_few" {
  command = plan

  variables {
    statements = { Others = { effect = "Deny", actions = ["s3:GetObject"], not_resources = ["arn:aws:s3:::example-files/*"] } }
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this[0].policy).Statement == [{ Sid = "Others", Effect = "Deny", Action = ["s3:GetObject"], NotResource = ["arn:aws:s3:::example-files/*"] }]
    error_message = "It denies something else."
  }
}

run "refuses_all_but_a_few_to_be_allowed" {
  command = plan

  variables {
    statements = { Others = { actions = ["s3:GetObject"], not_resources = ["arn:aws:s3:::example-files/*"] } }
  }

  expect_failures = [var.statements]
}

run "refuses_every_action_of_a_service" {
  command = plan

  variables {
    statements = { All = { actions = ["s3:*"], resources = ["arn:aws:s3:::example-files/*"] } }
  }

  expect_failures = [var.statements]
}

run "refuses_changes_everywhere" {
  command = plan

  variables {
    statements = { Write = { actions = ["s3:PutObject"], resources = ["*"] } }
  }

  expect_failures = [var.statements]
}

run "refuses_passing_roles_to_anything" {
  command = plan

  variables {
    statements = { Pass = { actions = ["iam:PassRole"], resources = ["arn:aws:iam::123456789012:role/task"] } }
  }

  expect_failures = [var.statements]
}

run "refuses_administrators" {
  command = plan

  variables {
    managed_policies = { all = "arn:aws:iam::aws:policy/AdministratorAccess" }
  }

  expect_failures = [var.managed_policies]
}

run "refuses_writing_iam_without_a_boundary" {
  command = plan

  variables {
    statements = { Roles = { actions = ["iam:CreateRole"], resources = ["arn:aws:iam::123456789012:role/estate/*"] } }
  }

  expect_failures = [var.permissions_boundary]
}

run "refuses_more_than_a_role_takes" {
  command = plan

  variables {
    statements = { Read = { actions = ["s3:GetObject"], resources = [for i in range(400) : "arn:aws:s3:::example-files-${i}/*"] } }
  }

  expect_failures = [aws_iam_role_policy.this]
}
