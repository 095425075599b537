data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  paths = toset([for r in var.routes : r.path])

  # What is not allowed here is denied.
  policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowedAddresses"
      Effect    = "Allow"
      Principal = "*"
      Action    = "execute-api:Invoke"
      Resource  = "${aws_api_gateway_rest_api.this.execution_arn}/*"
      Condition = { IpAddress = { "aws:SourceIp" = sort(var.allowed_cidrs) } }
    }]
  }
}

# IPv4 alone, since the policy knows no other addresses.
resource "aws_api_gateway_rest_api" "this" {
  name = var.name

  endpoint_configuration {
    types           = ["REGIONAL"]
    ip_address_type = "ipv4"
  }

  tags = var.tags
}

resource "aws_api_gateway_rest_api_policy" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  policy      = jsonencode(local.policy)
}

resource "aws_api_gateway_resource" "this" {
  for_each = local.paths

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = each.key
}

resource "aws_api_gateway_method" "this" {
  for_each = var.routes

  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = aws_api_gateway_resource.this[each.value.path].id
  http_method   = each.value.method
  authorization = "NONE" # beside the addresses, the function checks a token
}

resource "aws_api_gateway_integration" "this" {
  for_each = var.routes

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.this[each.value.path].id
  http_method             = aws_api_gateway_method.this[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST" # Lambda's own, whatever the caller's
  uri                     = each.value.lambda_invoke_arn
}

# A snapshot of all the above: nothing of it is in force, the policy not
# either, until there is a new one.
resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  triggers = {
    content = sha256(jsonencode([var.routes, local.policy]))
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_api_gateway_integration.this, aws_api_gateway_rest_api_policy.this]
}

# Evidence outlives what wrote it.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/api/${var.name}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = 400
  skip_destroy      = true

  tags = var.tags
}

resource "aws_iam_role" "account" {
  count = var.account_role ? 1 : 0

  name                 = "api-gateway-logs-${data.aws_region.this.region}"
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "apigateway.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  tags = var.tags
}

# AWS's own policy: API Gateway refuses a role that may do less.
resource "aws_iam_role_policy_attachment" "account" {
  count = var.account_role ? 1 : 0

  role       = aws_iam_role.account[0].name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "this" {
  count = var.account_role ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.account[0].arn

  depends_on = [aws_iam_role_policy_attachment.account]
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id   = aws_api_gateway_rest_api.this.id
  deployment_id = aws_api_gateway_deployment.this.id
  stage_name    = var.stage

  # The resource's path, not the request's: what stands in a query may be secret.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.this.arn
    format = jsonencode({
      requestId        = "$context.requestId"
      time             = "$context.requestTimeEpoch"
      ip               = "$context.identity.sourceIp"
      userAgent        = "$context.identity.userAgent"
      method           = "$context.httpMethod"
      path             = "$context.resourcePath"
      protocol         = "$context.protocol"
      status           = "$context.status"
      error            = "$context.error.message"
      integrationError = "$context.integration.error"
      latency          = "$context.responseLatency"
      bytes            = "$context.responseLength"
    })
  }

  tags = var.tags

  depends_on = [aws_api_gateway_account.this]
}

resource "aws_api_gateway_method_settings" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    throttling_rate_limit  = var.throttling.rate
    throttling_burst_limit = var.throttling.burst
    # Execution logs would hold headers and queries.
    logging_level      = "OFF"
    data_trace_enabled = false
  }
}
