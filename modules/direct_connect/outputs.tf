output "gateway" {
  description = "Id of the gateway, the account that owns it, and its kind: for direct_connect_attachment."
  value = {
    id               = aws_dx_gateway.this.id
    owner_account_id = aws_dx_gateway.this.owner_account_id
    kind             = var.kind
  }
}

output "connections" {
  description = "Id, ARN and AWS device of each connection by name; the device is known once the location has it."
  value = { for name, c in aws_dx_connection.this : name => {
    id         = c.id
    arn        = c.arn
    aws_device = c.aws_device
  } }
}

output "hosted_interface_arns" {
  description = "ARNs of the accepted virtual interfaces by name."
  value       = { for name, i in merge(aws_dx_hosted_transit_virtual_interface_accepter.this, aws_dx_hosted_private_virtual_interface_accepter.this) : name => i.arn }
}
