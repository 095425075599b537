mock_provider "aws" {
  source          = "../mocks"
  override_during = plan

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:mocked" }
  }

  mock_resource "aws_api_gateway_rest_api" {
    defaults = {
      id               = "abcde12345"
      execution_arn    = "arn:aws:execute-api:ap-northeast-1:123456789012:abcde12345"
      root_resource_id = "root123456"
    }
  }

  mock_resource "aws_api_gateway_stage" {
    defaults = { invoke_url = "https://abcde12345.execute-api.ap-northeast-1.amazonaws.com/live" }
  }
}

variables {
  name = "webhook"
  routes = {
    backlog = { path = "backlog", lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:webhook/invocations" }
    health  = { path = "backlog", method = "GET", lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:health/invocations" }
  }
  allowed_cidrs = ["198.51.100.7/32", "192.0.2.0/24"]
  kms_key_arn   = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  tags          = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "only_allowed_addresses_get_through" {
  command = plan

  assert {
    condition = jsondecode(aws_api_gateway_rest_api_policy.this.policy).Statement == [{
      Sid       = "AllowedAddresses"
      Effect    = "Allow"
      Principal = "*"
      Action    = "execute-api:Invoke"
      Resource  = "arn:aws:execute-api:ap-northeast-1:123456789012:abcde12345/*"
      Condition = { IpAddress = { "aws:SourceIp" = ["192.0.2.0/24", "198.51.100.7/32"] } }
    }]
    error_message = "Others get through."
  }

  assert {
    condition     = one(aws_api_gateway_rest_api.this.endpoint_configuration).types == tolist(["REGIONAL"]) && one(aws_api_gateway_rest_api.this.endpoint_configuration).ip_address_type == "ipv4"
    error_message = "It is reached by addresses that the policy does not know."
  }

  assert {
    condition     = one(aws_api_gateway_method_settings.this.settings).throttling_rate_limit == 10 && one(aws_api_gateway_method_settings.this.settings).throttling_burst_limit == 20 && aws_api_gateway_method_settings.this.method_path == "*/*"
    error_message = "There is no limit to calls."
  }
}

run "routes_to_functions" {
  command = plan

  assert {
    condition     = keys(aws_api_gateway_resource.this) == ["backlog"] && { for name, m in aws_api_gateway_method.this : name => m.http_method } == { backlog = "POST", health = "GET" }
    error_message = "The routes are others."
  }

  assert {
    condition     = alltrue([for i in aws_api_gateway_integration.this : i.type == "AWS_PROXY" && i.integration_http_method == "POST"]) && aws_api_gateway_integration.this["health"].uri == var.routes.health.lambda_invoke_arn
    error_message = "A function is not called as Lambda wants it."
  }

  assert {
    condition = output.source_arns == {
      backlog = "arn:aws:execute-api:ap-northeast-1:123456789012:abcde12345/live/POST/backlog"
      health  = "arn:aws:execute-api:ap-northeast-1:123456789012:abcde12345/live/GET/backlog"
    } && output.urls.backlog == "https://abcde12345.execute-api.ap-northeast-1.amazonaws.com/live/backlog"
    error_message = "A function would not know who calls it."
  }
}

run "a_change_of_routes_or_addresses_is_deployed" {
  command = plan

  assert {
    condition     = aws_api_gateway_deployment.this.triggers.content == sha256(jsonencode([var.routes, local.policy]))
    error_message = "A change would not be in force."
  }
}

run "logs_without_what_may_be_secret" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 400 && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn && aws_cloudwatch_log_group.this.skip_destroy
    error_message = "Calls are not on record for 400 days."
  }

  assert {
    condition = (
      jsondecode(one(aws_api_gateway_stage.this.access_log_settings).format).path == "$context.resourcePath" &&
      !strcontains(one(aws_api_gateway_stage.this.access_log_settings).format, "$context.path") &&
      one(aws_api_gateway_method_settings.this.settings).logging_level == "OFF"
    )
    error_message = "A token in a query would be logged."
  }

  assert {
    condition     = endswith(aws_iam_role_policy_attachment.account[0].policy_arn, "AmazonAPIGatewayPushToCloudWatchLogs")
    error_message = "API Gateway cannot write logs."
  }
}

run "leaves_another_apis_account_role_alone" {
  command = plan

  variables {
    account_role = false
  }

  assert {
    condition     = length(aws_api_gateway_account.this) + length(aws_iam_role.account) + length(aws_iam_role_policy_attachment.account) == 0
    error_message = "Two modules fight for the account's role."
  }
}

run "refuses_a_name_with_a_space" {
  command = plan

  variables {
    name = "my api"
  }

  expect_failures = [var.name]
}

run "refuses_no_routes" {
  command = plan

  variables {
    routes = {}
  }

  expect_failures = [var.routes]
}

run "refuses_a_method_that_is_none" {
  command = plan

  variables {
    routes = { r = { path = "r", method = "ANY", lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:webhook/invocations" } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_path_of_two_parts" {
  command = plan

  variables {
    routes = { r = { path = "a/b", lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:webhook/invocations" } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_function_by_its_arn" {
  command = plan

  variables {
    routes = { r = { path = "r", lambda_invoke_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:webhook" } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_route_twice" {
  command = plan

  variables {
    routes = { r = { path = "r", lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:webhook/invocations" }, s = { path = "r", lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:webhook/invocations" } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_range_off_its_boundary" {
  command = plan

  variables {
    allowed_cidrs = ["192.0.2.1/24"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "refuses_everybody" {
  command = plan

  variables {
    allowed_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "refuses_a_stage_with_a_slash" {
  command = plan

  variables {
    stage = "v1/live"
  }

  expect_failures = [var.stage]
}

run "refuses_no_calls_at_all" {
  command = plan

  variables {
    throttling = { rate = 0 }
  }

  expect_failures = [var.throttling]
}

run "refuses_an_alias_as_key" {
  command = plan

  variables {
    kms_key_arn = "alias/logs"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_a_boundary_by_name" {
  command = plan

  variables {
    permissions_boundary = "boundary"
  }

  expect_failures = [var.permissions_boundary]
}
