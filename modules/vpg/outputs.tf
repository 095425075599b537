output "id" {
  description = "Id of the gateway, known once it is attached."
  value       = aws_vpn_gateway_attachment.this.vpn_gateway_id
}
