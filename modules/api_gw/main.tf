resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  protocol_type = "HTTP"

  tags = var.tags
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  count = var.jwt == null ? 0 : 1

  api_id           = aws_apigatewayv2_api.this.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.jwt.issuer
    audience = var.jwt.audiences
  }
}

resource "aws_apigatewayv2_integration" "this" {
  for_each = var.routes

  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_method     = "POST" # Lambda's own, whatever the caller's
  integration_uri        = each.value.lambda_invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "this" {
  for_each = var.routes

  api_id               = aws_apigatewayv2_api.this.id
  route_key            = each.value.route
  target               = "integrations/${aws_apigatewayv2_integration.this[each.key].id}"
  authorization_type   = each.value.authorization
  authorizer_id        = each.value.authorization == "JWT" ? aws_apigatewayv2_authorizer.jwt[0].id : null
  authorization_scopes = length(each.value.scopes) == 0 ? null : each.value.scopes
}

# Evidence outlives what wrote it.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/api/${var.name}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = 400
  skip_destroy      = true

  tags = var.tags
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    detailed_metrics_enabled = true
    throttling_rate_limit    = var.throttling.rate
    throttling_burst_limit   = var.throttling.burst
  }

  # The route, not the request's path: what stands in a path or query may be secret.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.this.arn
    format = jsonencode({
      requestId        = "$context.requestId"
      time             = "$context.requestTimeEpoch"
      ip               = "$context.identity.sourceIp"
      userAgent        = "$context.identity.userAgent"
      route            = "$context.routeKey"
      protocol         = "$context.protocol"
      status           = "$context.status"
      error            = "$context.error.message"
      authorizerError  = "$context.authorizer.error"
      integrationError = "$context.integrationErrorMessage"
      latency          = "$context.responseLatency"
      bytes            = "$context.responseLength"
    })
  }

  tags = var.tags
}
