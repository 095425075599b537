output "association_ids" {
  description = "Ids of the associations by name, including those that were proposed to this account."
  value       = { for name, a in merge(aws_dx_gateway_association.this, aws_dx_gateway_association.accepted) : name => a.dx_gateway_association_id }
}

output "proposal_ids" {
  description = "Ids of the proposals by name, for the account that owns the gateway."
  value       = { for name, p in aws_dx_gateway_association_proposal.this : name => p.id }
}

output "interfaces" {
  description = "Id, ARN and AWS device of each virtual interface by name."
  value = { for name, i in merge(aws_dx_transit_virtual_interface.this, aws_dx_private_virtual_interface.this) : name => {
    id         = i.id
    arn        = i.arn
    aws_device = i.aws_device
  } }
}
