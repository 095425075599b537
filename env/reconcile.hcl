# Settings of reconcile for this repository. Inputs and dependencies of a
# workspace come from its code.
workspaces = ["env/*"]

defaults {
  # Applied without approval: plans that create or change, and neither
  # interrupt, replace nor destroy. The rest waits for `reconcile approve`.
  apply = "safe"

  # bootstrap creates the roles. Plans of any commit run with the first, so it
  # reads no secret and changes nothing.
  plan_role  = "arn:aws:iam::123456789012:role/reconcile/plan-${workspace}"
  apply_role = "arn:aws:iam::123456789012:role/reconcile/apply-${workspace}"
}

# It contains what runs reconcile. People apply it by hand (docs/bootstrap.md).
workspace "bootstrap" {
  apply = "plan-only"
}

# It creates the servers' roles and the webhook's entrance, so a person checks
# every plan.
workspace "common" {
  apply = "approve"
}

# It has the standby's webhook. ECS cannot stop that function from giving the
# standby's task any command, and the task may assume all the roles above.
workspace "common_os" {
  apply = "approve"
}

# What serves is neither destroyed nor replaced: first its share becomes 0.
workspace "tokyo-ap-A" {
  serving = "switchover.shares"
}

workspace "tokyo-ap-B" {
  serving = "switchover.shares"
}

workspace "osaka-ap" {
  serving = "switchover.shares"
}

# A person decides about traffic. reconcile moves it in steps, watches the alarms of the
# sides, and goes back by itself (docs/drill.md).
workspace "switchover" {
  apply = "approve"

  progressive {
    variable = "progress"
    steps    = [10, 50, 100] # 50 is where dials turn from raising to lowering
    soak     = ["10m", "15m", "10m"]

    # Each side's own. One of Tokyo's sides is absent most of the time, and has none then.
    alarms = [
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-a-errors",
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-a-unhealthy",
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-a-none-healthy",
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-b-errors",
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-b-unhealthy",
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-b-none-healthy",
      "arn:aws:cloudwatch:ap-northeast-3:123456789012:alarm:shop-osaka-errors",
      "arn:aws:cloudwatch:ap-northeast-3:123456789012:alarm:shop-osaka-unhealthy",
      "arn:aws:cloudwatch:ap-northeast-3:123456789012:alarm:shop-osaka-none-healthy",
    ]
    quiet = [
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-a-errors",
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-a-unhealthy",
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-a-none-healthy",
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-b-errors",
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-b-unhealthy",
      "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-b-none-healthy",
    ]
  }
}

environment "staging" {
  var_file       = "staging.tfvars"
  backend_config = "env/staging.s3.tfbackend"

  defaults {
    var_files = ["../site.staging.tfvars"]

    plan_role  = "arn:aws:iam::210987654321:role/reconcile/plan-${workspace}"
    apply_role = "arn:aws:iam::210987654321:role/reconcile/apply-${workspace}"
  }

  # Their states are in Osaka, because they are needed when Tokyo is lost.
  workspace "common_os" {
    backend_config = "env/staging-osaka.s3.tfbackend"
  }

  workspace "osaka-ap" {
    backend_config = "env/staging-osaka.s3.tfbackend"
  }

  workspace "switchover" {
    backend_config = "env/staging-osaka.s3.tfbackend"

    progressive {
      variable = "progress"
      steps    = [10, 50, 100] # 50 is where dials turn from raising to lowering
      soak     = ["10m", "15m", "10m"]

      # As in production.
      alarms = [
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-a-errors",
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-a-unhealthy",
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-a-none-healthy",
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-b-errors",
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-b-unhealthy",
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-b-none-healthy",
        "arn:aws:cloudwatch:ap-northeast-3:210987654321:alarm:shop-osaka-errors",
        "arn:aws:cloudwatch:ap-northeast-3:210987654321:alarm:shop-osaka-unhealthy",
        "arn:aws:cloudwatch:ap-northeast-3:210987654321:alarm:shop-osaka-none-healthy",
      ]
      quiet = [
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-a-errors",
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-a-unhealthy",
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-a-none-healthy",
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-b-errors",
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-b-unhealthy",
        "arn:aws:cloudwatch:ap-northeast-1:210987654321:alarm:shop-b-none-healthy",
      ]
    }
  }
}
