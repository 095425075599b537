resource "aws_codebuild_project" "this" {
  name                   = var.name
  description            = var.description
  service_role           = var.role_arn
  encryption_key         = var.kms_key_arn
  build_timeout          = var.timeout_minutes
  queued_timeout         = 60
  concurrent_build_limit = 1

  # CodeBuild does not support Backlog as a source, so the program fetches the
  # source itself.
  source {
    type = "NO_SOURCE"
    buildspec = yamlencode(merge(
      { version = "0.2", phases = { build = { commands = var.commands } } },
      { for user in var.run_as[*] : "run-as" => user },
    ))
  }

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    type                        = "ARM_CONTAINER"
    compute_type                = "BUILD_GENERAL1_${var.compute}"
    image                       = var.image
    image_pull_credentials_type = "SERVICE_ROLE"
    privileged_mode             = false

    dynamic "environment_variable" {
      for_each = var.environment

      content {
        name  = environment_variable.key
        value = environment_variable.value
        type  = "PLAINTEXT"
      }
    }

    dynamic "environment_variable" {
      for_each = var.secrets

      content {
        name  = environment_variable.key
        value = environment_variable.value
        type  = "SECRETS_MANAGER"
      }
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name = split(":log-group:", var.log_group_arn)[1]
    }
  }

  dynamic "vpc_config" {
    for_each = var.vpc[*]

    content {
      vpc_id             = vpc_config.value.id
      subnets            = values(vpc_config.value.subnet_ids)
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  tags = var.tags
}
