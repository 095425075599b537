locals {
  services_servers = { for name, w in local.workspaces : name => {
    balancer = {
      look = [
        "elasticloadbalancing:DescribeCapacityReservation", "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
      ]
      at = {}
      change = {
        Balancer = {
          actions = [
            "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:CreateRule", "elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing:DeleteListener",
            "elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteRule", "elasticloadbalancing:DeleteTargetGroup",
            "elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyListenerAttributes",
            "elasticloadbalancing:ModifyLoadBalancerAttributes", "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:RemoveTags", "elasticloadbalancing:SetRulePriorities", "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets",
          ]
          resources = concat(
            flatten([for n in w.names : [for type in ["listener", "listener-rule", "loadbalancer"] : "${local.arn[name].elasticloadbalancing}:${type}/app/${n}/*"]]),
            # A group's name has its port and a number, because groups are
            # replaced while in use.
            ["${local.arn[name].elasticloadbalancing}:targetgroup/srv-*/*"],
          )
        }
      }
    }

    servers = {
      look = [
        "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeInstanceRefreshes", "autoscaling:DescribeLifecycleHooks",
        "autoscaling:DescribeLoadBalancerTargetGroups", "autoscaling:DescribePolicies", "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeScheduledActions", "autoscaling:DescribeTags", "autoscaling:DescribeTrafficSources",
        "autoscaling:DescribeWarmPool", "ec2:DescribeImages", "ec2:DescribeInstanceTypeOfferings",
        "ec2:DescribeInstances", "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplates",
      ]
      at = {}
      change = {
        Group = {
          actions = [
            "autoscaling:AttachLoadBalancerTargetGroups", "autoscaling:AttachTrafficSources", "autoscaling:CancelInstanceRefresh",
            "autoscaling:CreateAutoScalingGroup", "autoscaling:CreateOrUpdateTags", "autoscaling:DeleteAutoScalingGroup",
            "autoscaling:DeleteLifecycleHook", "autoscaling:DeletePolicy", "autoscaling:DeleteScheduledAction",
            "autoscaling:DeleteTags", "autoscaling:DetachLoadBalancerTargetGroups", "autoscaling:DetachTrafficSources",
            "autoscaling:DisableMetricsCollection", "autoscaling:EnableMetricsCollection", "autoscaling:PutLifecycleHook",
            "autoscaling:PutScalingPolicy", "autoscaling:PutScheduledUpdateGroupAction", "autoscaling:ResumeProcesses",
            "autoscaling:SetInstanceProtection", "autoscaling:StartInstanceRefresh", "autoscaling:SuspendProcesses",
            "autoscaling:UpdateAutoScalingGroup",
          ]
          resources = [for n in w.names : "${local.arn[name].autoscaling}:autoScalingGroup:*:autoScalingGroupName/${n}"]
        }
        Template = {
          actions = [
            "ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion", "ec2:CreateTags", "ec2:DeleteLaunchTemplate",
            "ec2:DeleteLaunchTemplateVersions", "ec2:DeleteTags", "ec2:ModifyLaunchTemplate",
          ]
          resources = ["${local.arn[name].ec2}:launch-template/*"]
        }
        # For a launch template, Auto Scaling checks whether the caller may
        # launch from it.
        Start = {
          actions    = ["ec2:RunInstances"]
          resources  = concat(local.ec2[name].start, [for type in ["image", "snapshot"] : "arn:aws:ec2:${var.site.regions[w.home]}::${type}/*"])
          conditions = { ArnLikeIfExists = { "ec2:LaunchTemplate" = ["${local.arn[name].ec2}:launch-template/*"] } }
        }
        StartTagged = {
          actions    = ["ec2:CreateTags"]
          resources  = local.ec2[name].start
          conditions = { StringEquals = { "ec2:CreateAction" = ["RunInstances"] } }
        }
      }
    }

    alarms = {
      look = ["cloudwatch:DescribeAlarms"]
      at = merge(
        { Alarms = { actions = ["cloudwatch:ListTagsForResource"], resources = local.alarm_arns[name] } },
        { for sid in ["Dashboards"] : sid => { actions = ["cloudwatch:GetDashboard"], resources = local.dashboard_arns[name] } if length(w.names) > 0 },
      )
      change = merge(
        { Alarms = {
          actions   = ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
          resources = local.alarm_arns[name]
        } },
        { for sid in ["Dashboards"] : sid => {
          actions   = ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"]
          resources = local.dashboard_arns[name]
        } if length(w.names) > 0 },
      )
    }

    log_groups = {
      look = ["logs:DescribeLogGroups"]
      at = {
        LogGroups = {
          actions   = ["logs:ListTagsForResource"]
          resources = [for group in w.groups : "${local.arn[name].logs}:log-group:${group}"]
        }
      }
      # No role here deletes logs.
      change = {
        LogGroups = {
          actions   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"]
          resources = flatten([for group in w.groups : ["${local.arn[name].logs}:log-group:${group}", "${local.arn[name].logs}:log-group:${group}:*"]])
        }
      }
    }

    key_pair = {
      look = ["ec2:DescribeKeyPairs"]
      at   = {}
      change = {
        KeyPair = {
          actions   = ["ec2:CreateTags", "ec2:DeleteKeyPair", "ec2:DeleteTags", "ec2:ImportKeyPair"]
          resources = ["${local.arn[name].ec2}:key-pair/*"]
        }
      }
    }

    topics = {
      look = ["sns:GetSubscriptionAttributes"]
      at = {
        Topics = {
          actions   = ["sns:GetTopicAttributes", "sns:ListTagsForResource"]
          resources = ["${local.arn[name].sns}:alarms"]
        }
      }
      change = {
        Topics = {
          actions   = ["sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:UntagResource"]
          resources = ["${local.arn[name].sns}:alarms"]
        }
        Subscriptions = {
          actions   = ["sns:SetSubscriptionAttributes", "sns:Unsubscribe"]
          resources = ["*"]
          reason    = "AWS takes no resource for a subscription."
        }
      }
    }
  } }

  alarm_arns     = { for name, w in local.workspaces : name => [for alarm in w.alarms : "${local.arn[name].cloudwatch}:alarm:${alarm}"] }
  dashboard_arns = { for name, w in local.workspaces : name => [for n in w.names : "arn:aws:cloudwatch::${var.site.account_id}:dashboard/${n}"] }
}
