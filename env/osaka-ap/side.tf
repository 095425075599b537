# This file is identical in every workspace of a side. Only the values and the
# sources of the locals differ.

data "aws_region" "this" {}

module "side" {
  source = "../../modules/application_vpc"

  name            = var.name
  mode            = var.mode
  generation      = var.generation
  cidr            = var.cidr
  zones           = var.zones
  reaches         = var.reaches
  certificate_arn = local.region.certificate_arn
  kms_key_arn     = local.region.kms_key_arns.data
  topic_arns      = [local.region.topic_arn]
  logs = {
    balancer_bucket = local.region.log_buckets.balancer
    flow_bucket_arn = local.region.log_buckets.flow_arn
  }
  transit = {
    gateway_id     = local.transit.gateway_id
    route_table_id = local.transit.route_table_ids["sides"]
    propagate_to   = { for table in local.known_to : table => local.transit.route_table_ids[table] }
    inside         = var.inside
  }
  servers = merge(var.servers, {
    instance_profile_arn = "arn:aws:iam::${var.account_id}:instance-profile/estate/shop-servers"
    user_data            = local.first_start
  })
  tags = var.tags
}

# The image contains the application. This script gives it the locations of its
# data. There is no password: servers sign in to the database with their role.
locals {
  first_start = <<-EOT
    #!/bin/sh
    cat >/etc/shop.env <<END
    SHOP_SIDE=${var.name}
    SHOP_GENERATION=${var.generation}
    SHOP_DATABASES=${join(",", local.databases)}
    SHOP_DATABASE_USER=shop
    SHOP_FILES=${local.files.id}
    END
    systemctl enable --now shop
  EOT
}
