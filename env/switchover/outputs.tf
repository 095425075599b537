output "traffic" {
  description = "The distribution of traffic, in words, by Region: for people, who read it in the plan."
  value       = module.endpoints.traffic
}

output "checked" {
  description = "The state of each side, or that it was not read: for people, who read it in the plan."
  value       = { for name in keys(var.endpoints) : name => terraform_data.checked.input[name] }
}
