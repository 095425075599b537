# This file is identical in every workspace of a side. Only the values and the
# sources of the locals differ.

data "aws_region" "this" {}

module "side" {
  source = "../../modules/application_vpc"

  name            = var.name
  mode            = var.mode
  admit           = var.admit
  generation      = var.generation
  cidr            = var.cidr
  zones           = local.zones
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
    image_id             = coalesce(var.servers.image_id, var.site.images[local.home])
    instance_profile_arn = "arn:aws:iam::${var.site.account_id}:instance-profile/estate/shop-servers"
    user_data            = local.first_start
  })
  tags = var.tags
}

# Global Accelerator made it in the side's VPC, which cannot be deleted before.
import {
  for_each = module.side.accelerator_groups
  to       = module.side.aws_security_group.accelerator[each.key]
  id       = each.value
}

# This script tells the application where its data are. There is no password:
# servers sign in to the database with their role. An image with the application
# has a unit named shop. Without one, as in plain Amazon Linux, Python answers
# health checks, so that a new estate is healthy before the application exists.
locals {
  first_start = <<-EOT
    #!/bin/sh
    cat >/etc/shop.env <<END
    SHOP_SIDE=${var.name}
    SHOP_GENERATION=${var.generation}
    SHOP_DATABASES=${join(",", local.databases)}
    SHOP_DATABASE_USER=shop
    SHOP_FILES=${local.files.id}
    SHOP_FILES_ACCESS_POINT=${local.files.access_point_id}
    END
    if ! systemctl cat shop >/dev/null 2>&1; then
      cat >/etc/systemd/system/shop.service <<END
    [Service]
    DynamicUser=yes
    Restart=always
    ExecStart=/usr/bin/python3 -c '${local.stand_in}'
    [Install]
    WantedBy=multi-user.target
    END
    fi
    systemctl enable --now shop
  EOT

  stand_in = join("; ", [
    "from http.server import *",
    "get = lambda r: (r.send_response(200), r.end_headers(), r.wfile.write(b\"${var.name}, generation ${var.generation}\"))",
    "ThreadingHTTPServer((\"\", 8080), type(\"H\", (BaseHTTPRequestHandler,), {\"do_GET\": get})).serve_forever()",
  ])
}
