output "traffic" {
  description = "The distribution of traffic, in words, by Region: for people, who read it in the plan."
  value       = module.endpoints.traffic
}

output "shares" {
  description = "The largest percentage of all traffic that each side takes while all are healthy, 0 is none: for people, who read it in the plan."
  value       = module.shares.shares
}

output "checked" {
  description = "The state of each side, or that it was not read: for people, who read it in the plan."
  value       = { for name in keys(var.endpoints) : name => terraform_data.checked.input[name] }
}
