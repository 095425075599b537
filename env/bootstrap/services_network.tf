# What a workspace's plan may read and its apply may change, by service. `look`
# is for all resources: Describe, List and similar actions support no resource,
# or only ids that are unknown beforehand. `at` reads named resources. `change`
# is only for the apply role.

locals {
  arn = { for name, w in local.workspaces : name => {
    for service in [
      "acm", "autoscaling", "backup", "cloudwatch", "ec2", "elasticfilesystem", "elasticloadbalancing",
      "kms", "lambda", "logs", "rds", "secretsmanager", "sns",
    ] : service => "arn:aws:${service}:${var.site.regions[w.home]}:${var.site.account_id}"
  } }

  # EC2's ARNs contain ids, not names. So resources are distinguished by type.
  ec2 = { for name in keys(local.workspaces) : name => {
    for use, types in {
      network = ["elastic-ip", "internet-gateway", "natgateway", "network-acl", "network-interface", "prefix-list", "route-table", "security-group", "security-group-rule", "subnet", "vpc", "vpc-endpoint", "vpc-flow-log"]
      transit = ["subnet", "transit-gateway", "transit-gateway-attachment", "transit-gateway-route-table", "vpc"]
      gateway = ["route-table", "vpc", "vpn-gateway"]
      files   = ["network-interface", "security-group", "subnet"]
      start   = ["instance", "key-pair", "launch-template", "network-interface", "security-group", "subnet", "volume"]
    } : use => [for type in types : "${local.arn[name].ec2}:${type}/*"]
  } }

  services_network = { for name, w in local.workspaces : name => {
    # A VPC and everything in it. The guard protects reconcile's own VPCs by
    # their tag.
    network = {
      look = [
        "ec2:DescribeAddresses", "ec2:DescribeAddressesAttribute", "ec2:DescribeAvailabilityZones", "ec2:DescribeFlowLogs",
        "ec2:DescribeInternetGateways", "ec2:DescribeNatGateways", "ec2:DescribeNetworkAcls", "ec2:DescribeNetworkInterfaces",
        "ec2:DescribePrefixLists", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcs",
      ]
      at = {}
      change = {
        Network = {
          actions = [
            "ec2:AllocateAddress", "ec2:AssociateRouteTable", "ec2:AttachInternetGateway", "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateFlowLogs", "ec2:CreateInternetGateway", "ec2:CreateNatGateway",
            "ec2:CreateNetworkAcl", "ec2:CreateNetworkAclEntry", "ec2:CreateRoute", "ec2:CreateRouteTable",
            "ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateTags", "ec2:CreateVpc", "ec2:CreateVpcEndpoint",
            "ec2:DeleteFlowLogs", "ec2:DeleteInternetGateway", "ec2:DeleteNatGateway", "ec2:DeleteNetworkAcl",
            "ec2:DeleteNetworkAclEntry", "ec2:DeleteRoute", "ec2:DeleteRouteTable", "ec2:DeleteSecurityGroup",
            "ec2:DeleteSubnet", "ec2:DeleteTags", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints", "ec2:DetachInternetGateway",
            "ec2:DisassociateAddress", "ec2:DisassociateRouteTable", "ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute",
            "ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint", "ec2:ReleaseAddress", "ec2:ReplaceNetworkAclAssociation",
            "ec2:ReplaceNetworkAclEntry", "ec2:ReplaceRoute", "ec2:ReplaceRouteTableAssociation",
            "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
          ]
          resources = local.ec2[name].network
        }
        FlowLogs = {
          actions   = ["logs:CreateLogDelivery", "logs:DeleteLogDelivery"]
          resources = ["*"]
          reason    = "Log deliveries have no ARN."
        }
      }
    }

    # A transit gateway and its attachments.
    transit = {
      look = [
        "ec2:DescribeTransitGatewayAttachments", "ec2:DescribeTransitGatewayPeeringAttachments", "ec2:DescribeTransitGatewayRouteTables",
        "ec2:DescribeTransitGatewayVpcAttachments", "ec2:DescribeTransitGateways", "ec2:GetTransitGatewayAttachmentPropagations",
        "ec2:GetTransitGatewayRouteTableAssociations", "ec2:GetTransitGatewayRouteTablePropagations", "ec2:SearchTransitGatewayRoutes",
      ]
      at = {}
      change = merge(
        {
          Transit = {
            actions = [
              "ec2:AssociateTransitGatewayRouteTable", "ec2:CreateTransitGatewayRoute", "ec2:CreateTransitGatewayVpcAttachment",
              "ec2:DeleteTransitGatewayRoute", "ec2:DeleteTransitGatewayVpcAttachment", "ec2:DisableTransitGatewayRouteTablePropagation",
              "ec2:DisassociateTransitGatewayRouteTable", "ec2:EnableTransitGatewayRouteTablePropagation",
              "ec2:ModifyTransitGatewayVpcAttachment", "ec2:ReplaceTransitGatewayRoute",
            ]
            resources = local.ec2[name].transit
          }
          TransitTags = {
            actions   = ["ec2:CreateTags", "ec2:DeleteTags"]
            resources = ["${local.arn[name].ec2}:transit-gateway-attachment/*"]
          }
        },
        # Sides attach to a gateway; they do not create one.
        { for sid, change in {
          TransitGateway = {
            actions = [
              "ec2:CreateTags", "ec2:CreateTransitGateway", "ec2:CreateTransitGatewayRouteTable", "ec2:DeleteTags",
              "ec2:DeleteTransitGateway", "ec2:DeleteTransitGatewayRouteTable", "ec2:ModifyTransitGateway",
            ]
            resources = [for type in ["transit-gateway", "transit-gateway-route-table"] : "${local.arn[name].ec2}:${type}/*"]
          }
          TransitFlowLogs = {
            actions   = ["ec2:CreateFlowLogs"]
            resources = [for type in ["transit-gateway", "vpc-flow-log"] : "${local.arn[name].ec2}:${type}/*"]
          }
        } : sid => change if contains(["common_os", "tokyo"], name) },
      )
    }

    # Both ends of a peering: Osaka's end is accepted and has routes there.
    peering = {
      look = []
      at   = {}
      change = {
        Peering = {
          actions = [
            "ec2:AcceptTransitGatewayPeeringAttachment", "ec2:AssociateTransitGatewayRouteTable", "ec2:CreateTags",
            "ec2:CreateTransitGatewayPeeringAttachment", "ec2:CreateTransitGatewayRoute", "ec2:DeleteTags",
            "ec2:DeleteTransitGatewayPeeringAttachment", "ec2:DeleteTransitGatewayRoute",
            "ec2:DisassociateTransitGatewayRouteTable", "ec2:ReplaceTransitGatewayRoute",
          ]
          resources = [for type in ["transit-gateway", "transit-gateway-attachment", "transit-gateway-route-table"] : "arn:aws:ec2:*:${var.site.account_id}:${type}/*"]
        }
      }
    }

    # A VPC's gateway to the premises.
    gateway = {
      look = ["ec2:DescribeVpnGateways"]
      at   = {}
      change = {
        Gateway = {
          actions = [
            "ec2:AttachVpnGateway", "ec2:CreateTags", "ec2:CreateVpnGateway", "ec2:DeleteTags", "ec2:DeleteVpnGateway",
            "ec2:DetachVpnGateway", "ec2:DisableVgwRoutePropagation", "ec2:EnableVgwRoutePropagation",
          ]
          resources = local.ec2[name].gateway
        }
      }
    }

    # The connection on premises. Its owner's account creates the interfaces.
    # Here they are accepted and led to the gateways.
    premises = {
      look = [
        "directconnect:DescribeDirectConnectGatewayAssociations", "directconnect:DescribeDirectConnectGatewayAttachments",
        "directconnect:DescribeDirectConnectGateways", "directconnect:DescribeTags", "directconnect:DescribeVirtualInterfaces",
      ]
      at = {}
      change = {
        Connect = {
          actions = [
            "directconnect:ConfirmPrivateVirtualInterface", "directconnect:CreateDirectConnectGatewayAssociation",
            "directconnect:DeleteDirectConnectGatewayAssociation", "directconnect:TagResource", "directconnect:UntagResource",
            "directconnect:UpdateDirectConnectGateway", "directconnect:UpdateVirtualInterfaceAttributes",
          ]
          resources = ["arn:aws:directconnect::${var.site.account_id}:dx-gateway/*", "arn:aws:directconnect:${var.site.regions[w.home]}:${var.site.account_id}:dxvif/*"]
        }
        ConnectAnywhere = {
          actions   = ["directconnect:CreateDirectConnectGateway", "directconnect:UpdateDirectConnectGatewayAssociation"]
          resources = ["*"]
          reason    = "AWS takes no resource for these two."
        }
      }
    }
  } }
}
