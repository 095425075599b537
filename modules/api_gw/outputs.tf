output "url" {
  description = "URL of the API, known once the function may be called."
  value       = aws_apigatewayv2_stage.this.invoke_url

  depends_on = [aws_apigatewayv2_route.this, aws_lambda_permission.this]
}
