output "id" {
  description = "Id of the gateway."
  value       = aws_ec2_transit_gateway.this.id
}

output "route_table_ids" {
  description = "Ids of the route tables by name."
  value       = { for name, table in aws_ec2_transit_gateway_route_table.this : name => table.id }
}
