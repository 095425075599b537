locals {
  # The full ARN: API Gateway expands execute-api:/*, and every plan would show
  # a different policy.
  everything = "${aws_api_gateway_rest_api.this.execution_arn}/*"
  policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Clients"
        Effect    = "Allow"
        Principal = "*"
        Action    = "execute-api:Invoke"
        Resource  = local.everything
      },
      {
        Sid       = "NobodyElse"
        Effect    = "Deny"
        Principal = "*"
        Action    = "execute-api:Invoke"
        Resource  = local.everything
        Condition = { NotIpAddress = { "aws:SourceIp" = sort(var.clients) } }
      },
    ]
  }
}

resource "aws_api_gateway_rest_api" "this" {
  # checkov:skip=CKV_AWS_237:A second API would have another URL, which Backlog does not know.
  name = var.name

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  tags = var.tags
}

resource "aws_api_gateway_rest_api_policy" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  policy      = jsonencode(local.policy)
}

resource "aws_api_gateway_resource" "first" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = var.path[0]
}

resource "aws_api_gateway_resource" "second" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.first.id
  path_part   = var.path[1]
}

resource "aws_api_gateway_method" "this" {
  # checkov:skip=CKV_AWS_59:The policy looks at addresses, the function at the token.
  # checkov:skip=CKV2_AWS_53:The function judges what it is sent.
  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = aws_api_gateway_resource.second.id
  http_method   = var.method
  authorization = "NONE" # the policy checks addresses, the function the token
}

resource "aws_api_gateway_integration" "this" {
  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.second.id
  http_method             = aws_api_gateway_method.this.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = var.function.invoke_arn
}

# A deployment is a copy: the settings above take effect once they are copied,
# so all of them are triggers.
resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  triggers    = { content = sha1(jsonencode([local.policy, var.path, var.method, var.function])) }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_api_gateway_rest_api_policy.this, aws_api_gateway_integration.this]
}

resource "aws_api_gateway_account" "this" {
  count = var.account_role_arn == null ? 0 : 1

  cloudwatch_role_arn = var.account_role_arn
}

resource "aws_api_gateway_stage" "this" {
  # checkov:skip=CKV2_AWS_29:The policy lets in few addresses, and no more than the throttle.
  # checkov:skip=CKV2_AWS_4:Execution logs would write down the token.
  # checkov:skip=CKV2_AWS_51:What is behind it is called by IAM, not by HTTP.
  # checkov:skip=CKV_AWS_120:It answers POST, which is not cached.
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = "live"
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = var.log_group_arn
    format = jsonencode({
      request = "$context.requestId"
      time    = "$context.requestTime"
      from    = "$context.identity.sourceIp"
      route   = "$context.resourcePath" # not the path, which may contain a token
      status  = "$context.status"
      error   = "$context.error.message"
    })
  }

  tags = var.tags

  depends_on = [aws_api_gateway_account.this]
}

resource "aws_api_gateway_method_settings" "this" {
  # checkov:skip=CKV_AWS_225:It answers POST, which is not cached.
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    throttling_rate_limit  = var.throttle.rate
    throttling_burst_limit = var.throttle.burst
    metrics_enabled        = true
    data_trace_enabled     = false # it would log the token
  }
}

resource "aws_lambda_permission" "this" {
  statement_id  = "api-${var.name}"
  function_name = var.function.name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/*/${var.method}/*"
}
