# The webhook's entrance in both Regions. bootstrap owns its role, which is
# passed by PassRole, and the build or task that it starts, which this role
# cannot change.
locals {
  # Names of reconcile's resources, and the location of the function's program,
  # by home Region.
  installations = { tokyo = "reconcile", osaka = "reconcile-standby" }
  programs      = { for home in keys(var.site.regions) : home => "arn:aws:s3:::${local.buckets.work[home]}/webhook/webhook.zip" }

  api_arns = { for home, region in var.site.regions : home => {
    for kind, paths in { rest = ["account", "restapis*", "tags/*"], http = ["apis*", "tags/*"] } :
    kind => [for path in paths : "arn:aws:apigateway:${region}::/${path}"]
  } }

  services_pipeline = { for name, w in local.workspaces : name => {
    # Its policy allows callers by address.
    rest_api = {
      look = []
      at   = { Api = { actions = ["apigateway:GET"], resources = local.api_arns[w.home].rest } }
      change = {
        Api = {
          actions   = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT", "apigateway:UpdateRestApiPolicy"]
          resources = local.api_arns[w.home].rest
        }
      }
    }

    http_api = {
      look = []
      at   = { Api = { actions = ["apigateway:GET"], resources = local.api_arns[w.home].http } }
      change = {
        Api = {
          actions   = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
          resources = local.api_arns[w.home].http
        }
        # Required to enable access logs of an HTTP API (API Gateway Developer
        # Guide, "Configure logging for HTTP APIs").
        ApiLogs = {
          actions = [
            "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeResourcePolicies", "logs:GetLogDelivery",
            "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
          ]
          resources = ["*"]
          reason    = "Log deliveries have no ARN, and the policy that lets them write is the account's."
        }
      }
    }

    webhook = {
      look = []
      at = {
        Function = {
          actions = [
            "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:GetFunctionConfiguration", "lambda:GetPolicy",
            "lambda:ListVersionsByFunction",
          ]
          resources = ["${local.arn[name].lambda}:function:${local.installations[w.home]}-webhook"]
        }
        # Listing the bucket gives a clear error when the program is missing.
        Program = {
          actions   = ["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion"]
          resources = [local.programs[w.home]]
        }
        ProgramBucket = {
          actions   = ["s3:ListBucket"]
          resources = ["arn:aws:s3:::${local.buckets.work[w.home]}"]
        }
        ProgramKey = {
          actions    = ["kms:Decrypt"]
          resources  = [module.work_key[w.home].arn]
          conditions = { StringEquals = { "kms:ViaService" = ["s3.${var.site.regions[w.home]}.amazonaws.com"] } }
        }
      }
      change = {
        Function = {
          actions = [
            "lambda:AddPermission", "lambda:CreateFunction", "lambda:DeleteFunction", "lambda:RemovePermission", "lambda:TagResource",
            "lambda:UntagResource", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
          ]
          resources = ["${local.arn[name].lambda}:function:${local.installations[w.home]}-webhook"]
        }
        FunctionKey = {
          actions    = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
          resources  = ["${local.arn[name].kms}:key/*"]
          conditions = { StringLike = { "kms:ViaService" = ["lambda.*.amazonaws.com"] } }
        }
      }
    }
  } }
}
