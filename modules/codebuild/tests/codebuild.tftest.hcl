mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name          = "reconcile"
  description   = "One pass over the estate"
  image         = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/reconcile@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  commands      = ["reconcile now"]
  role_arn      = "arn:aws:iam::123456789012:role/reconcile-build"
  kms_key_arn   = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_group_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/reconcile/build"
  tags          = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "one_at_a_time_without_a_source" {
  command = plan

  assert {
    condition     = one(aws_codebuild_project.this.source).type == "NO_SOURCE" && yamldecode(one(aws_codebuild_project.this.source).buildspec).phases.build.commands == ["reconcile now"]
    error_message = "It builds something else."
  }

  assert {
    condition     = aws_codebuild_project.this.concurrent_build_limit == 1 && aws_codebuild_project.this.encryption_key == var.kms_key_arn
    error_message = "Two could run at once, or with another key."
  }

  assert {
    condition     = !one(aws_codebuild_project.this.environment).privileged_mode && one(aws_codebuild_project.this.environment).image_pull_credentials_type == "SERVICE_ROLE"
    error_message = "The build is root of its host, or pulls its image with others' rights."
  }

  assert {
    condition     = one(one(aws_codebuild_project.this.logs_config).cloudwatch_logs).group_name == "/reconcile/build" && length(aws_codebuild_project.this.vpc_config) == 0
    error_message = "Logs go elsewhere, or it stands in a VPC that nobody named."
  }
}

run "variables_secrets_and_network" {
  command = plan

  variables {
    environment = { RECONCILE_REPO = "https://example.backlog.jp/git/INFRA/estate.git" }
    secrets     = { RECONCILE_GIT_PASSWORD = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:reconcile/git-abcdef:password" }
    run_as      = "reconcile"
    vpc         = { id = "vpc-0123456789abcdef0", subnet_ids = { private-a = "subnet-1a" }, security_group_ids = ["sg-0123456789abcdef0"] }
  }

  assert {
    condition     = { for v in one(aws_codebuild_project.this.environment).environment_variable : v.name => v.type } == { RECONCILE_REPO = "PLAINTEXT", RECONCILE_GIT_PASSWORD = "SECRETS_MANAGER" }
    error_message = "A secret is in plain text."
  }

  assert {
    condition     = one(aws_codebuild_project.this.vpc_config).vpc_id == "vpc-0123456789abcdef0"
    error_message = "It goes out by other addresses."
  }

  assert {
    condition     = yamldecode(one(aws_codebuild_project.this.source).buildspec)["run-as"] == "reconcile"
    error_message = "It runs as root."
  }
}

run "refuses_a_user_by_number" {
  command = plan

  variables {
    run_as = "65532"
  }

  expect_failures = [var.run_as]
}

run "refuses_an_image_that_moves" {
  command = plan

  variables {
    image = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/reconcile:latest"
  }

  expect_failures = [var.image]
}

run "refuses_to_do_nothing" {
  command = plan

  variables {
    commands = []
  }

  expect_failures = [var.commands]
}

run "refuses_a_role_by_name" {
  command = plan

  variables {
    role_arn = "reconcile-build"
  }

  expect_failures = [var.role_arn]
}

run "refuses_an_alias_for_a_key" {
  command = plan

  variables {
    kms_key_arn = "alias/reconcile"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_a_day_long_build" {
  command = plan

  variables {
    timeout_minutes = 1440
  }

  expect_failures = [var.timeout_minutes]
}

run "refuses_an_unknown_size" {
  command = plan

  variables {
    compute = "BUILD_GENERAL1_SMALL"
  }

  expect_failures = [var.compute]
}

run "refuses_a_secret_in_a_variable" {
  command = plan

  variables {
    environment = { RECONCILE_GIT_PASSWORD = "correct-horse" }
  }

  expect_failures = [var.environment]
}

run "refuses_a_secret_itself" {
  command = plan

  variables {
    secrets = { RECONCILE_GIT_PASSWORD = "correct-horse" }
  }

  expect_failures = [var.secrets]
}

run "refuses_all_streams_for_a_group" {
  command = plan

  variables {
    log_group_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/shop/hook:*"
  }

  expect_failures = [var.log_group_arn]
}
