output "log_groups" {
  description = "ARNs of the log groups by name."
  value       = { for name, group in aws_cloudwatch_log_group.this : name => group.arn }
}

output "alarms" {
  description = "ARNs of the alarms by name."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.arn }
}
