output "url" {
  description = "URL of the API without its path, known once the function may be called."
  value       = aws_api_gateway_stage.this.invoke_url

  depends_on = [aws_api_gateway_method_settings.this, aws_lambda_permission.this]
}
