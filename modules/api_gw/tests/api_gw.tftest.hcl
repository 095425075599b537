mock_provider "aws" {
  source          = "../mocks"
  override_during = plan

  mock_resource "aws_apigatewayv2_stage" {
    defaults = { invoke_url = "https://a1b2c3d4e5.execute-api.ap-northeast-1.amazonaws.com/" }
  }
}

variables {
  name          = "webhook"
  function      = { name = "webhook", invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:webhook/invocations" }
  routes        = ["POST /hook/{token}"]
  log_group_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/reconcile/api"
  tags          = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "one_function_behind_named_routes" {
  command = plan

  assert {
    condition     = keys(aws_apigatewayv2_route.this) == ["POST /hook/{token}"] && aws_apigatewayv2_integration.this.payload_format_version == "2.0"
    error_message = "Other requests come through."
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.auto_deploy && aws_apigatewayv2_stage.this.name == "$default"
    error_message = "Changes are not deployed."
  }

  assert {
    condition     = one(aws_apigatewayv2_stage.this.default_route_settings).throttling_rate_limit == 5 && one(aws_apigatewayv2_stage.this.default_route_settings).throttling_burst_limit == 10
    error_message = "Anybody can make the function work without end."
  }

  assert {
    condition     = one(aws_apigatewayv2_stage.this.access_log_settings).destination_arn == var.log_group_arn && !can(regex("context.path|header", one(aws_apigatewayv2_stage.this.access_log_settings).format))
    error_message = "There is no access log, or secrets are in it."
  }

  assert {
    condition     = aws_lambda_permission.this.source_arn == "${aws_apigatewayv2_api.this.execution_arn}/*/*"
    error_message = "Others could call the function."
  }

  assert {
    condition     = output.url == "https://a1b2c3d4e5.execute-api.ap-northeast-1.amazonaws.com"
    error_message = "A path behind the URL would have two slashes, which no route has."
  }
}

run "refuses_routes_for_everything" {
  command = plan

  variables {
    routes = ["$default"]
  }

  expect_failures = [var.routes]
}

run "refuses_no_routes" {
  command = plan

  variables {
    routes = []
  }

  expect_failures = [var.routes]
}

run "refuses_no_throttle" {
  command = plan

  variables {
    throttle = { rate = 0, burst = 10 }
  }

  expect_failures = [var.throttle]
}

run "refuses_all_streams_for_a_group" {
  command = plan

  variables {
    log_group_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/shop/hook:*"
  }

  expect_failures = [var.log_group_arn]
}
