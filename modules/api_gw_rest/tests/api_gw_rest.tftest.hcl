mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name          = "webhook"
  function      = { name = "webhook", invoke_arn = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:webhook/invocations" }
  path          = ["hook", "{token}"]
  clients       = ["192.0.2.0/24", "198.51.100.7/32"]
  log_group_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/reconcile/api"
  tags          = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "clients_by_address" {
  command = plan

  assert {
    condition = [for s in jsondecode(aws_api_gateway_rest_api_policy.this.policy).Statement : s.Effect] == ["Allow", "Deny"] && (
      jsondecode(aws_api_gateway_rest_api_policy.this.policy).Statement[1].Condition.NotIpAddress["aws:SourceIp"] == ["192.0.2.0/24", "198.51.100.7/32"]
    )
    error_message = "Others may call."
  }

  assert {
    condition     = aws_api_gateway_resource.second.path_part == "{token}" && aws_api_gateway_method.this.http_method == "POST"
    error_message = "The path is another."
  }

  assert {
    condition     = one(aws_api_gateway_stage.this.access_log_settings).destination_arn == var.log_group_arn && !can(regex("context.path|header", one(aws_api_gateway_stage.this.access_log_settings).format))
    error_message = "There is no access log, or secrets are in it."
  }

  assert {
    condition     = one(aws_api_gateway_method_settings.this.settings).throttling_rate_limit == 5 && !one(aws_api_gateway_method_settings.this.settings).data_trace_enabled
    error_message = "Anybody can make the function work without end, or requests are written down whole."
  }

  assert {
    condition     = length(aws_api_gateway_account.this) == 0
    error_message = "The account's role is set by two."
  }
}

run "what_is_deployed_follows_what_is_said" {
  command = plan

  variables {
    clients = ["203.0.113.0/24"]
  }

  assert {
    condition     = aws_api_gateway_deployment.this.triggers.content == sha1(jsonencode([jsondecode(aws_api_gateway_rest_api_policy.this.policy), var.path, "POST", var.function]))
    error_message = "A change of clients is not deployed."
  }
}

run "account_role" {
  command = plan

  variables {
    account_role_arn = "arn:aws:iam::123456789012:role/api-gateway-logs"
  }

  assert {
    condition     = aws_api_gateway_account.this[0].cloudwatch_role_arn == var.account_role_arn
    error_message = "API Gateway cannot write logs."
  }
}

run "refuses_a_path_of_one_part" {
  command = plan

  variables {
    path = ["hook"]
  }

  expect_failures = [var.path]
}

run "refuses_clients_from_anywhere" {
  command = plan

  variables {
    clients = ["0.0.0.0/0"]
  }

  expect_failures = [var.clients]
}

run "refuses_no_clients" {
  command = plan

  variables {
    clients = []
  }

  expect_failures = [var.clients]
}

run "refuses_no_throttle" {
  command = plan

  variables {
    throttle = { rate = 5, burst = 0 }
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
