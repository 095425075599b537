module "tables" {
  source = "../vpc_routetable"

  name   = var.name
  vpc_id = var.vpc_id
  tables = {
    # The load balancer responds to clients directly; internal traffic stays
    # inside.
    balancer = {
      subnet_ids = var.balancer_subnet_ids
      routes = merge(
        { internet = { cidr = "0.0.0.0/0", internet_gateway_id = var.internet_gateway_id } },
        { for name, cidr in var.inside : "inside ${name}" => { cidr = cidr, transit_gateway_id = var.transit_gateway_id } },
      )
    }
    # Everything else leaves through the shared VPC, which has the NAT gateways.
    servers = {
      subnet_ids           = var.server_subnet_ids
      routes               = { all = { cidr = "0.0.0.0/0", transit_gateway_id = var.transit_gateway_id } }
      gateway_endpoint_ids = var.gateway_endpoint_ids
    }
    # Data opens no connection outside of the infrastructure.
    data = {
      subnet_ids = var.data_subnet_ids
      routes     = { for name, cidr in var.inside : "inside ${name}" => { cidr = cidr, transit_gateway_id = var.transit_gateway_id } }
    }
  }
  tags = var.tags
}
