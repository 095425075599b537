output "traffic" {
  description = "Who gets which traffic, in words, by Region: for who reads the plan."
  value       = module.endpoints.traffic
}

output "checked" {
  description = "What each side said of itself, or that it was not asked: for who reads the plan."
  value       = { for name in keys(var.endpoints) : name => terraform_data.checked.input[name] }
}
