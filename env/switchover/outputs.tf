output "traffic" {
  description = "Who gets which traffic, in words, by Region: for people, who read it in the plan."
  value       = module.endpoints.traffic
}

output "checked" {
  description = "What each side said of itself, or that it was not asked: for people, who read it in the plan."
  value       = { for name in keys(var.endpoints) : name => terraform_data.checked.input[name] }
}
