output "arns" {
  description = "ARNs of the endpoint groups by Region."
  value       = { for region, group in aws_globalaccelerator_endpoint_group.this : region => group.arn }
}

output "traffic" {
  description = "Who gets which traffic, in words, by Region: for people who read the plan."
  value = { for region, group in local.groups : region => join("; ", compact([
    length(group.endpoints) == 0 && group.dial > 0 ? "has no endpoint: what is on its way here goes to ${local.failover[region]}, whatever the dial there" :
    group.dial == 100 ? "takes all traffic that is on its way here" : group.dial == 0 ? "takes no traffic while others can" : "takes ${group.dial} % of the traffic that is on its way here",
    length(group.endpoints) == 0 && group.dial > 0 ? "" : "of it: ${local.shares[region]}",
    group.sum > 0 && group.dial > 0 && group.dial < 100 && local.failover[region] != "" ? "the rest goes to ${local.failover[region]}" : "",
    group.sum > 0 && local.failover[region] == "" ? "when none here is healthy, nobody is served" : "",
    group.sum > 0 && local.failover[region] != "" ? "when none here is healthy, all goes to ${local.failover[region]}, whatever the dial there" : "",
    group.dial == 0 && group.sum > 0 ? "stands by: takes over when ${local.failover[region]} fails, in spite of the dial" : "",
  ])) }
}
