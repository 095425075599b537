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

# A person decides about traffic.
workspace "switchover" {
  apply = "approve"
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
  }
}
