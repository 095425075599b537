output "egress_addresses" {
  description = "Fixed addresses that it reaches Git from, by zone of their NAT gateway: for Backlog's allow-list. None if egress is public."
  value       = { for name in local.nat_zones : name => module.vpc.nat_addresses["public-${name}"] }
}

output "network" {
  description = "Where a CodeBuild project that runs the same image belongs: VPC, private subnets by zone (public ones if egress is public, where builds cannot stand), and security group."
  value = {
    vpc_id            = module.vpc.id
    subnet_ids        = local.subnets
    security_group_id = module.security_group.id
  }
}

output "repository_url" {
  description = "Image repository to push to."
  value       = aws_ecr_repository.this.repository_url
}

output "repository_arn" {
  description = "ARN of the image repository."
  value       = aws_ecr_repository.this.arn
}

output "page_bucket" {
  description = "Bucket of the page: its name and ARN. Null without page."
  value       = one([for bucket in module.page : { name = bucket.name, arn = bucket.arn }])
}

output "secret_arns" {
  description = "ARNs of the secrets by name; their values are typed in."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}

output "task_role_arn" {
  description = "Role of the task: the workspaces' roles trust it."
  value       = aws_iam_role.this["task"].arn
}

output "planner_role_arn" {
  description = "Role of the tasks that plan pull requests: only the workspaces' plan roles trust it. Null without preview."
  value       = one([for name, role in aws_iam_role.this : role.arn if name == "planner"])
}

output "task_policy_arn" {
  description = "Policy of a pass, for the roles of other runners of the same image."
  value       = aws_iam_policy.task.arn
}

output "environment" {
  description = "Settings of a pass, for other runners of the same program on the same record."
  value       = merge(local.environment, local.telling, local.showing)
}

output "table" {
  description = "Name and ARN of the record's table."
  value       = { name = aws_dynamodb_table.this.name, arn = aws_dynamodb_table.this.arn }
}

output "snapshots" {
  description = "Bucket of the snapshots, by ARN, its setting (RECONCILE_SNAPSHOTS), and the setting of the reconciler that they are copied to, null for none."
  value = {
    bucket_arn = module.snapshots.arn
    setting    = "s3://${module.snapshots.name}/${var.snapshots.prefix}"
    copied_to  = one([for to in module.snapshots.replicated[*] : "s3://${reverse(split(":", to.bucket_arn))[0]}/${trimsuffix(to.prefix, "/")}"])
  }
}

output "cluster_arn" {
  description = "ARN of the cluster that the tasks run in."
  value       = aws_ecs_cluster.this.arn
}

output "task_definition_arn" {
  description = "ARN of the task's definition, null without an image."
  value       = one([for kind, task in aws_ecs_task_definition.this : task.arn if kind == "pass"])
}

output "log_group" {
  description = "Name and ARN of the log group."
  value       = { name = aws_cloudwatch_log_group.this.name, arn = aws_cloudwatch_log_group.this.arn }
}

output "alarm_arns" {
  description = "ARNs of the alarms by subject."
  value       = { no_pass = module.alarms.alarms["${var.name}-no-pass-completed"], behind = module.alarms.alarms["${var.name}-behind"], workspace_failed = module.alarms.alarms["${var.name}-workspace-failed"] }
}
