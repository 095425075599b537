# Reading a state that was never written is an error. So the object is listed
# first. Names that begin with the key, such as the lock's, sort after it.
data "aws_s3_objects" "this" {
  region   = var.state.region
  bucket   = var.state.bucket
  prefix   = var.state.key
  max_keys = 1
}

data "terraform_remote_state" "this" {
  count = contains(data.aws_s3_objects.this.keys, var.state.key) ? 1 : 0

  backend = "s3"
  config = {
    bucket = var.state.bucket
    key    = var.state.key
    region = var.state.region
  }
}

locals {
  read = one(data.terraform_remote_state.this[*].outputs)

  # A destroy leaves a state without outputs.
  applied = try(length(local.read), 0) > 0

  refusal = "${var.name} has never been applied, or was destroyed: apply it first (reconcile does so by itself in a pass over all workspaces)."
}

# Records, in the reader's own state, that the outputs existed. The time is
# known only in an apply, so the precondition allows a plan and refuses an
# apply. The id of an existing resource is known. So the postcondition refuses a
# plan in which outputs that created resources would be unknown. Otherwise a
# replacement would start to destroy at once.
resource "terraform_data" "read" {
  count = var.required ? 1 : 0

  input = var.name

  lifecycle {
    precondition {
      condition     = local.applied || timestamp() == ""
      error_message = local.refusal
    }

    postcondition {
      condition     = local.applied || self.id == ""
      error_message = "${var.name} had outputs when this workspace was last applied, and has none now. Nothing is planned, lest it be destroyed for that: bring ${var.name}'s state back, or apply ${var.name} again. (Destroying this workspace is not refused.)"
    }
  }
}
