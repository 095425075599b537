output "id" {
  description = "Id of the attachment, the same on both sides, known once it is accepted."
  value       = aws_ec2_transit_gateway_peering_attachment_accepter.peer.id
}
