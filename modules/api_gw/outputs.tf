output "id" {
  description = "Id of the API."
  value       = aws_apigatewayv2_api.this.id
}

output "url" {
  description = "URL of the API, without a slash at its end."
  value       = aws_apigatewayv2_api.this.api_endpoint

  # It answers once there is a stage.
  depends_on = [aws_apigatewayv2_stage.this]
}

output "source_arns" {
  description = "What each route calls its function as, by name: for the function's permission."
  value       = { for name, r in var.routes : name => "${aws_apigatewayv2_api.this.execution_arn}/*/${replace(split(" ", r.route)[0], "ANY", "*")}${split(" ", r.route)[1]}" }
}

output "log_group" {
  description = "Name and ARN of the access logs' group."
  value       = { name = aws_cloudwatch_log_group.this.name, arn = aws_cloudwatch_log_group.this.arn }
}
