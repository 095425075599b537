output "dials" {
  description = "Dial of each Region, for accelerator_endpoint."
  value       = local.dials
}

output "weights" {
  description = "Weight of each endpoint, for accelerator_endpoint."
  value       = local.weights
}

output "shares" {
  description = "The largest percentage of all traffic that each endpoint takes while all are healthy, rounded up: 0 is none. Between Regions it depends on where clients are, so that the sum can be above 100."
  value       = { for name, e in var.endpoints : name => local.sums[e.region] == 0 ? 0 : ceil(local.dials[e.region] * local.weights[name] / local.sums[e.region]) }
}
