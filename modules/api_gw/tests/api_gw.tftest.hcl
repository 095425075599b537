mock_provider "aws" {
  source          = "../mocks"
  override_during = plan

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:mocked" }
  }

  mock_resource "aws_apigatewayv2_api" {
    defaults = {
      id            = "abcde12345"
      api_endpoint  = "https://abcde12345.execute-api.ap-northeast-1.amazonaws.com"
      execution_arn = "arn:aws:execute-api:ap-northeast-1:123456789012:abcde12345"
    }
  }

  mock_resource "aws_apigatewayv2_authorizer" {
    defaults = { id = "auth12" }
  }

  mock_resource "aws_apigatewayv2_integration" {
    defaults = { id = "int1234" }
  }
}

variables {
  name = "orders"
  routes = {
    list = { route = "GET /orders/{id}", lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:orders/invocations" }
    all  = { route = "ANY /", authorization = "NONE", lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:front/invocations" }
  }
  kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  tags        = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "callers_sign_unless_a_route_says_otherwise" {
  command = plan

  assert {
    condition     = { for name, r in aws_apigatewayv2_route.this : name => "${r.route_key} ${r.authorization_type}" } == { all = "ANY / NONE", list = "GET /orders/{id} AWS_IAM" }
    error_message = "A route is open that nobody opened."
  }

  assert {
    condition     = length(aws_apigatewayv2_authorizer.jwt) == 0 && aws_apigatewayv2_route.this["list"].authorizer_id == null
    error_message = "Tokens are asked for that nobody issues."
  }

  assert {
    condition     = alltrue([for i in aws_apigatewayv2_integration.this : i.integration_type == "AWS_PROXY" && i.payload_format_version == "2.0"]) && aws_apigatewayv2_route.this["list"].target == "integrations/int1234"
    error_message = "A route leads to no function."
  }

  assert {
    condition = output.source_arns == {
      all  = "arn:aws:execute-api:ap-northeast-1:123456789012:abcde12345/*/*/"
      list = "arn:aws:execute-api:ap-northeast-1:123456789012:abcde12345/*/GET/orders/{id}"
    }
    error_message = "A function would not know who calls it."
  }
}

run "tokens" {
  command = plan

  variables {
    routes = { list = { route = "GET /orders", authorization = "JWT", scopes = ["orders/read"], lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:orders/invocations" } }
    jwt    = { issuer = "https://login.example.com/", audiences = ["orders"] }
  }

  assert {
    condition     = aws_apigatewayv2_route.this["list"].authorizer_id == "auth12" && aws_apigatewayv2_route.this["list"].authorization_scopes == toset(["orders/read"])
    error_message = "Tokens are not asked for, or any will do."
  }

  assert {
    condition     = one(aws_apigatewayv2_authorizer.jwt[0].jwt_configuration).issuer == "https://login.example.com/" && one(aws_apigatewayv2_authorizer.jwt[0].jwt_configuration).audience == toset(["orders"])
    error_message = "Tokens of others are taken."
  }
}

run "throttled_logged_and_in_force_at_once" {
  command = plan

  assert {
    condition     = aws_apigatewayv2_stage.this.auto_deploy && aws_apigatewayv2_stage.this.name == "$default"
    error_message = "Changes wait for a deployment."
  }

  assert {
    condition     = one(aws_apigatewayv2_stage.this.default_route_settings).throttling_rate_limit == 10 && one(aws_apigatewayv2_stage.this.default_route_settings).throttling_burst_limit == 20
    error_message = "There is no limit to calls."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 400 && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn && aws_cloudwatch_log_group.this.skip_destroy
    error_message = "Calls are not on record for 400 days."
  }

  assert {
    condition     = jsondecode(one(aws_apigatewayv2_stage.this.access_log_settings).format).route == "$context.routeKey" && !strcontains(one(aws_apigatewayv2_stage.this.access_log_settings).format, "$context.path")
    error_message = "A token in a path would be logged."
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

run "refuses_a_route_without_method" {
  command = plan

  variables {
    routes = { r = { route = "/orders", lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:webhook/invocations" } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_function_by_its_arn" {
  command = plan

  variables {
    routes = { r = { route = "GET /", lambda_invoke_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:orders" } }
  }

  expect_failures = [var.routes]
}

run "refuses_scopes_of_a_signed_request" {
  command = plan

  variables {
    routes = { r = { route = "GET /", scopes = ["read"], lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:webhook/invocations" } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_route_twice" {
  command = plan

  variables {
    routes = { r = { route = "GET /", lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:webhook/invocations" }, s = { route = "GET /", lambda_invoke_arn = "" } }
  }

  expect_failures = [var.routes]
}

run "refuses_tokens_for_any_audience" {
  command = plan

  variables {
    jwt = { issuer = "https://login.example.com/", audiences = [] }
  }

  expect_failures = [var.jwt]
}

run "refuses_tokens_of_nobody" {
  command = plan

  variables {
    routes = { r = { route = "GET /", authorization = "JWT", lambda_invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:webhook/invocations" } }
  }

  expect_failures = [var.jwt]
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
