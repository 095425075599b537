output "id" {
  description = "Id of the API."
  value       = aws_api_gateway_rest_api.this.id
}

output "urls" {
  description = "URL of each route by name."
  value       = { for name, r in var.routes : name => "${aws_api_gateway_stage.this.invoke_url}/${r.path}" }
}

output "source_arns" {
  description = "What each route calls its function as, by name: for the function's permission."
  value       = { for name, r in var.routes : name => "${aws_api_gateway_rest_api.this.execution_arn}/${var.stage}/${r.method}/${r.path}" }
}

output "log_group" {
  description = "Name and ARN of the access logs' group."
  value       = { name = aws_cloudwatch_log_group.this.name, arn = aws_cloudwatch_log_group.this.arn }
}
