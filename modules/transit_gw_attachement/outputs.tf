output "id" {
  description = "Id of the attachment."
  value       = aws_ec2_transit_gateway_vpc_attachment.this.id
}

output "transit_gateway_id" {
  description = "Id of the gateway, known once the VPC is attached: routes that take it from here come after."
  value       = aws_ec2_transit_gateway_vpc_attachment.this.transit_gateway_id

  depends_on = [aws_ec2_transit_gateway_vpc_attachment.this]
}
