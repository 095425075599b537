# How reconcile runs this repository. What a workspace reads and in which order
# it is applied, is seen in its code.
workspaces = ["env/*"]

defaults {
  # Applied without asking: what makes or changes, and neither interrupts,
  # replaces nor destroys. The rest waits for `reconcile approve`. Until that is
  # built, safe and approve act as plan-only, and say so.
  apply = "safe"

  # Made by bootstrap. A plan of any commit runs with the first, so it reads no
  # secret and changes nothing.
  plan_role  = "arn:aws:iam::123456789012:role/reconcile/plan-${workspace}"
  apply_role = "arn:aws:iam::123456789012:role/reconcile/apply-${workspace}"
}

# It holds what runs reconcile: people apply it, by hand (docs/bootstrap.md).
workspace "bootstrap" {
  apply = "plan-only"
}

# It makes the roles of servers, and what lets webhooks in: a person looks at
# all of it.
workspace "common" {
  apply = "approve"
}

# It lets webhooks in for the standby. ECS cannot keep the function there from
# telling the standby's task anything, and that may become any of the roles above.
workspace "common_os" {
  apply = "approve"
}

# Who gets traffic is somebody's decision.
workspace "switchover" {
  apply = "approve"
}

environment "staging" {
  var_file       = "staging.tfvars"
  backend_config = "env/staging.s3.tfbackend"

  defaults {
    plan_role  = "arn:aws:iam::210987654321:role/reconcile/plan-${workspace}"
    apply_role = "arn:aws:iam::210987654321:role/reconcile/apply-${workspace}"
  }

  # Their states are in Osaka, where they are needed when Tokyo is lost.
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
