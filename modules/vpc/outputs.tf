output "id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "IPv4 range of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "subnets" {
  description = "Subnets by name: id, zone and cidr."
  value = { for name, subnet in aws_subnet.this : name => {
    id   = subnet.id
    zone = subnet.availability_zone_id
    cidr = subnet.cidr_block
  } }
}

output "internet_gateway_id" {
  description = "Id of the internet gateway, null without public subnets."
  value       = one(aws_internet_gateway.this[*].id)
}

output "nat_gateway_ids" {
  description = "Ids of the NAT gateways by the name of their subnet."
  value       = { for name, gateway in aws_nat_gateway.this : name => gateway.id }
}

output "nat_addresses" {
  description = "Fixed addresses of the NAT gateways by the name of their subnet."
  value       = { for name, address in aws_eip.nat : name => address.public_ip }
}

output "gateway_endpoint_ids" {
  description = "Ids of the gateway endpoints by service, for the route tables."
  value       = { for service, endpoint in aws_vpc_endpoint.gateway : service => endpoint.id }
}
