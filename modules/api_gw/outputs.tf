output "url" {
  description = "URL of the API without its path, known once the function may be called."
  value       = trimsuffix(aws_apigatewayv2_stage.this.invoke_url, "/")

  depends_on = [aws_apigatewayv2_route.this, aws_lambda_permission.this]
}
