locals {
  services_edge = { for name, w in local.workspaces : name => {
    certificate = {
      look = []
      at = {
        Certificate = {
          actions   = ["acm:DescribeCertificate", "acm:ListTagsForCertificate"]
          resources = ["${local.arn[name].acm}:certificate/*"]
        }
      }
      change = {
        Certificate = {
          actions = [
            "acm:AddTagsToCertificate", "acm:DeleteCertificate", "acm:RemoveTagsFromCertificate", "acm:UpdateCertificateOptions",
          ]
          resources = ["${local.arn[name].acm}:certificate/*"]
        }
        NewCertificate = {
          actions   = ["acm:RequestCertificate"]
          resources = ["*"]
          reason    = "AWS takes no resource for a certificate that is yet to be made."
        }
      }
    }

    # The records in the domain's zone: those that prove certificates, and the
    # shop's own, which points to the accelerator.
    records = {
      look = []
      at = {
        Zone = {
          actions   = ["route53:GetChange", "route53:GetHostedZone", "route53:ListResourceRecordSets"]
          resources = ["arn:aws:route53:::change/*", "arn:aws:route53:::hostedzone/${var.site.zone_id}"]
        }
      }
      change = merge(
        { Proof = {
          actions   = ["route53:ChangeResourceRecordSets"]
          resources = ["arn:aws:route53:::hostedzone/${var.site.zone_id}"]
          conditions = {
            "ForAllValues:StringEquals" = { "route53:ChangeResourceRecordSetsRecordTypes" = ["CNAME"] }
            "ForAllValues:StringLike"   = { "route53:ChangeResourceRecordSetsNormalizedRecordNames" = ["_*"] }
          }
        } },
        { for sid in var.site.record ? ["Shop"] : [] : sid => {
          actions   = ["route53:ChangeResourceRecordSets"]
          resources = ["arn:aws:route53:::hostedzone/${var.site.zone_id}"]
          conditions = { "ForAllValues:StringEquals" = {
            "route53:ChangeResourceRecordSetsRecordTypes"           = ["A"]
            "route53:ChangeResourceRecordSetsNormalizedRecordNames" = [var.site.domain]
          } }
        } },
      )
    }

    accelerator = {
      look = []
      at = {
        Accelerator = {
          actions = [
            "globalaccelerator:DescribeAccelerator", "globalaccelerator:DescribeAcceleratorAttributes",
            "globalaccelerator:DescribeListener", "globalaccelerator:ListTagsForResource",
          ]
          resources = ["arn:aws:globalaccelerator::${var.site.account_id}:accelerator/*"]
        }
      }
      # It must not be deleted: its addresses would be lost.
      change = {
        Accelerator = {
          actions = [
            "globalaccelerator:CreateListener", "globalaccelerator:DeleteListener", "globalaccelerator:TagResource",
            "globalaccelerator:UntagResource", "globalaccelerator:UpdateAccelerator", "globalaccelerator:UpdateAcceleratorAttributes",
            "globalaccelerator:UpdateListener",
          ]
          resources = ["arn:aws:globalaccelerator::${var.site.account_id}:accelerator/*"]
        }
        NewAccelerator = {
          actions   = ["globalaccelerator:CreateAccelerator"]
          resources = ["*"]
          reason    = "AWS takes no resource for an accelerator that is yet to be made."
        }
        AcceleratorFlowLogs = {
          actions   = ["logs:CreateLogDelivery", "logs:DeleteLogDelivery"]
          resources = ["*"]
          reason    = "Log deliveries have no ARN."
        }
      }
    }

    # Only the distribution of traffic, and the alarms that a rollout watches.
    endpoints = {
      look = [
        "cloudwatch:DescribeAlarms", "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTargetHealth",
        "globalaccelerator:ListCrossAccountResources",
      ]
      at = {
        Endpoints = {
          actions = [
            "globalaccelerator:DescribeAccelerator", "globalaccelerator:DescribeEndpointGroup", "globalaccelerator:DescribeListener",
            "globalaccelerator:ListEndpointGroups", "globalaccelerator:ListTagsForResource",
          ]
          resources = ["arn:aws:globalaccelerator::${var.site.account_id}:accelerator/*"]
        }
      }
      change = {
        Endpoints = {
          actions = [
            "globalaccelerator:AddEndpoints", "globalaccelerator:CreateEndpointGroup", "globalaccelerator:DeleteEndpointGroup",
            "globalaccelerator:RemoveEndpoints", "globalaccelerator:UpdateEndpointGroup",
          ]
          resources = ["arn:aws:globalaccelerator::${var.site.account_id}:accelerator/*"]
        }
      }
    }

    # Roles of the estate's resources: under one path, within the boundary, and
    # each may be passed to only one service.
    roles = {
      look = []
      at = {
        Roles = {
          actions = [
            "iam:GetInstanceProfile", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:ListRoleTags",
          ]
          resources = local.estate_roles
        }
      }
      change = {
        Roles = {
          actions = [
            "iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:DeleteRole",
            "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile",
            "iam:TagRole", "iam:UntagInstanceProfile", "iam:UntagRole", "iam:UpdateRole", "iam:UpdateRoleDescription",
          ]
          resources = local.estate_roles
        }
        BoundedRoles = {
          actions    = ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
          resources  = local.estate_roles
          conditions = { StringEquals = { "iam:PermissionsBoundary" = [local.estate_boundary_arn] } }
        }
        # Only AWS's policies for servers and backups.
        KnownPolicies = {
          actions   = ["iam:AttachRolePolicy"]
          resources = local.estate_roles
          conditions = {
            StringEquals = { "iam:PermissionsBoundary" = [local.estate_boundary_arn] }
            ArnEquals = { "iam:PolicyARN" = [for name in [
              "AmazonSSMManagedInstanceCore", "service-role/AWSBackupServiceRolePolicyForBackup",
              "service-role/AWSBackupServiceRolePolicyForRestores",
            ] : "arn:aws:iam::aws:policy/${name}"] }
          }
        }
      }
    }
  } }

  estate_roles        = ["arn:aws:iam::${var.site.account_id}:instance-profile/estate/*", "arn:aws:iam::${var.site.account_id}:role/estate/*"]
  estate_boundary_arn = "arn:aws:iam::${var.site.account_id}:policy/reconcile/estate-boundary"
}
