variable "name" {
  description = "Name of the resources: the table, the cluster, the image repository, and the prefix of the secrets."
  type        = string
  default     = "reconcile"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name))
    error_message = "name is 3 to 32 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "repository" {
  description = "Repository that is reconciled (RECONCILE_REPO), by https: the image has no SSH host keys."
  type        = string

  validation {
    condition     = can(regex("^https://[A-Za-z0-9.-]+/[^?#@ ]+$", var.repository))
    error_message = "repository is an https URL without port and credentials, such as https://example.backlog.com/git/PROJECT/infra.git."
  }
}

variable "image_digest" {
  description = "Digest of the image in the repository of this module (sha256:…). Null until one is pushed: until then nothing runs and nothing is started."
  type        = string
  default     = null

  validation {
    condition     = var.image_digest == null || can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "image_digest is sha256: and 64 hexadecimal digits; a tag could become another image."
  }
}

variable "run" {
  description = "How it runs: mode schedule (one task per scheduled start) or watch (a task that stays); whether it is enabled; a rate or cron expression, or the interval of watch; and the minutes until an alarm: without a completed pass, and with the branch out of sync."
  type = object({
    mode           = optional(string, "schedule")
    enabled        = optional(bool, false)
    schedule       = optional(string, "rate(5 minutes)")
    interval       = optional(string, "1m")
    alarm_minutes  = optional(number, 120)
    behind_minutes = optional(number, 120)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["schedule", "watch"], var.run.mode)
    error_message = "mode is schedule or watch."
  }

  validation {
    condition     = can(regex("^(rate\\([1-9][0-9]* (minute|hour|day)s?\\)|cron\\([^)]+\\))$", var.run.schedule))
    error_message = "schedule is rate(5 minutes), or cron() of six fields in UTC."
  }

  validation {
    condition     = can(regex("^[1-9][0-9]*(s|m|h)$", var.run.interval))
    error_message = "interval is a duration such as 30s or 1m."
  }

  validation {
    condition     = var.run.behind_minutes >= 5
    error_message = "behind_minutes is 5 or more: a pass takes its time."
  }

  validation {
    condition     = var.run.alarm_minutes >= 10 && var.run.alarm_minutes <= 1440 && var.run.alarm_minutes % 5 == 0
    error_message = "alarm_minutes must be 10 to 1440, in steps of five: CloudWatch evaluates at most a day."
  }

  validation {
    condition = try(
      tonumber(regex("^rate\\(([0-9]+) ", var.run.schedule)[0]) * { minute = 1, hour = 60, day = 1440 }[regex("(minute|hour|day)", var.run.schedule)[0]] < var.run.alarm_minutes
    , true)
    error_message = "alarm_minutes is shorter than the schedule's rate: the alarm would sound between two passes."
  }
}

variable "size" {
  description = "CPU units and MiB of the task, and GiB of its disk for the checkout and the providers."
  type = object({
    cpu      = optional(number, 1024)
    memory   = optional(number, 4096)
    disk_gib = optional(number, 30)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([512, 1024, 2048, 4096], var.size.cpu) && var.size.memory >= 2 * var.size.cpu && var.size.memory <= min(8 * var.size.cpu, 30720) && var.size.memory % 1024 == 0
    error_message = "cpu is 512, 1024, 2048 or 4096; memory is two to eight times that and at most 30720, in steps of 1024."
  }

  validation {
    condition     = var.size.disk_gib >= 21 && var.size.disk_gib <= 200
    error_message = "disk_gib is 21 to 200."
  }
}

variable "gate" {
  description = "The loosest apply that env/reconcile.hcl may choose, and what counts where it chooses none: always, safe, approve or plan-only. No commit to the watched repository can loosen it."
  type        = string
  default     = "safe"
  nullable    = false

  validation {
    condition     = contains(["always", "safe", "approve", "plan-only"], var.gate)
    error_message = "gate is always, safe, approve or plan-only."
  }
}

variable "approvers" {
  description = "Name of the SSM parameter that says who may approve plans (RECONCILE_APPROVERS), as docs/approve.md describes it. The task may read it, and no role that applies may write it. Null: who can write the record, on the command line."
  type        = string
  default     = null

  validation {
    condition     = var.approvers == null || can(regex("^(/[A-Za-z0-9_.-]+)+$", var.approvers))
    error_message = "approvers is the name of a parameter with its path, such as /reconcile/approvers."
  }
}

variable "settings" {
  description = "Settings of reconcile in addition to those of this module, as environment variables: RECONCILE_BRANCH, RECONCILE_PARALLELISM …, and TF_VAR_ variables that reconcile.hcl passes on. None may be secret: everybody who may read the task definition can read them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.settings), ["RECONCILE_REPO", "RECONCILE_STATE", "RECONCILE_SNAPSHOTS", "RECONCILE_GIT_CREDENTIALS", "RECONCILE_DIGEST_KEY", "RECONCILE_OUTPUT", "RECONCILE_METRICS", "RECONCILE_PAGE", "RECONCILE_PAGE_URL", "RECONCILE_WORK", "RECONCILE_INTERVAL", "RECONCILE_BACKLOG_CREDENTIALS", "RECONCILE_EXECUTOR", "RECONCILE_GATE", "RECONCILE_APPROVERS"])) == 0
    error_message = "RECONCILE_REPO, _STATE, _SNAPSHOTS, _GIT_CREDENTIALS, _BACKLOG_CREDENTIALS, _DIGEST_KEY, _EXECUTOR, _GATE, _APPROVERS, _OUTPUT, _METRICS, _PAGE, _PAGE_URL, _WORK and _INTERVAL are set by the module."
  }

  validation {
    condition     = alltrue([for key in keys(var.settings) : can(regex("^(RECONCILE_[A-Z_]+|TF_VAR_[a-z0-9_]+|TF_LOG|TZ|HTTPS?_PROXY|NO_PROXY)$", key)) && !can(regex("(?i)(password|passwd|secret|token|private_key|access_key)", key))])
    error_message = "settings are RECONCILE_, TF_VAR_, TF_LOG, TZ and proxy variables, and none that sounds like a secret: secrets are typed into Secrets Manager."
  }
}

variable "network" {
  description = "A separate network, which works when the estate's does not: range, zones by a name of your choice (id, a public subnet, a private one for the tasks, and whether the zone has a NAT gateway; one serves all zones), the bucket of the flow log, and the way out. egress is nat: NAT gateways with fixed addresses; closed: none, but their addresses are kept; or public: tasks have changing public addresses in the public subnets, and nothing comes in."
  type = object({
    cidr                = string
    flow_log_bucket_arn = string
    egress              = optional(string, "nat")
    zones = map(object({
      id      = string
      public  = string
      private = optional(string)
      nat     = optional(bool, true)
    }))
  })

  validation {
    condition     = contains(["closed", "nat", "public"], var.network.egress)
    error_message = "egress is nat, closed or public."
  }

  validation {
    condition     = var.network.egress == "public" || alltrue([for zone in var.network.zones : zone.private != null])
    error_message = "Each zone needs a private subnet, unless egress is public."
  }

  validation {
    condition     = var.network.egress == "public" || anytrue([for zone in var.network.zones : zone.nat])
    error_message = "At least one zone has nat, unless egress is public."
  }

  validation {
    condition     = length(var.network.zones) > 0
    error_message = "zones names at least one zone."
  }
}

variable "domains" {
  description = "Names that can be resolved in the network, in addition to the repository's host: AWS, and the hosts of Terraform and its providers. *.NAME stands for all names below NAME; no other name is resolved. Null: all are."
  type        = set(string)
  default     = ["*.amazonaws.com", "*.api.aws", "registry.terraform.io", "releases.hashicorp.com"]

  validation {
    condition     = try(alltrue([for name in var.domains : can(regex("^(\\*\\.)?[a-z0-9-]+(\\.[a-z0-9-]+)+$", name))]), var.domains == null)
    error_message = "domains are names in lower case without a dot at the end, such as registry.terraform.io, or *.amazonaws.com for those below one."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed key of the table, snapshots, images, secrets and logs; CloudWatch Logs must be allowed to use it."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not an id or alias."
  }
}

variable "snapshots" {
  description = "Bucket of the snapshots: its name, the prefix in it, the bucket that is told of every request, and where the snapshots are copied to (as the module s3 takes it): the bucket of a reconciler with the same prefix can apply them without Git."
  type = object({
    bucket            = string
    prefix            = optional(string, "snapshots")
    access_log_bucket = optional(string)
    replication = optional(object({
      bucket_arn  = string
      role_arn    = string
      kms_key_arn = optional(string)
    }))
  })

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", var.snapshots.prefix))
    error_message = "prefix is a path in the bucket, without slashes around it."
  }
}

variable "page" {
  description = "The status page (RECONCILE_PAGE), which passes and drift checks write: the bucket to create for it, the prefix in it, the address at which people open it (RECONCILE_PAGE_URL), and who may read it besides the account's own roles (readers of the module s3). Null: no page."
  type = object({
    bucket = string
    prefix = optional(string, "page")
    url    = optional(string)
    readers = optional(object({
      distribution_arns = optional(set(string), [])
      vpc_endpoint_ids  = optional(set(string), [])
    }), {})
  })
  default = null

  validation {
    condition     = var.page == null || can(regex("^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", var.page.prefix))
    error_message = "page.prefix is a path in the bucket, without slashes around it."
  }

  validation {
    condition     = try(var.page.url, null) == null || can(regex("^https?://[^ ]+$", var.page.url))
    error_message = "page.url is an address such as https://reconcile.example.com."
  }

  validation {
    condition     = try(var.page.bucket != var.snapshots.bucket, true)
    error_message = "page.bucket is a bucket of its own: its readers are not to read snapshots."
  }
}

variable "secrets" {
  description = "Secrets in addition to git and digest-key, by name, with their purpose. They are created without values, which people set, and the task may not read them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[a-z0-9-]+$", name)) && !contains(["backlog", "git", "digest-key"], name)])
    error_message = "Names of secrets must have lower-case letters, digits and hyphens. git and digest-key are always created, backlog with preview."
  }
}

variable "workspace_roles" {
  description = "ARNs of the workspaces' plan and apply roles, which the task may assume."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.workspace_roles : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", arn))])
    error_message = "workspace_roles are ARNs of roles, without wildcards."
  }
}

variable "preview" {
  description = "Plans on pull requests: whether they are enabled, a rate or cron expression, and the ARNs of the workspaces' plan roles, which the planners' role may assume, and no other. Null: none."
  type = object({
    enabled    = optional(bool, false)
    schedule   = optional(string, "rate(5 minutes)")
    plan_roles = set(string)
  })
  default = null

  # Without a fixed address the planners' credentials would work elsewhere, too.
  validation {
    condition     = var.preview == null || var.network.egress != "public"
    error_message = "preview needs fixed addresses: egress nat."
  }

  validation {
    condition     = var.preview == null || can(regex("^(rate\\([1-9][0-9]* (minute|hour|day)s?\\)|cron\\([^)]+\\))$", var.preview.schedule))
    error_message = "schedule is rate(5 minutes), or cron() of six fields in UTC."
  }

  validation {
    condition     = var.preview == null || alltrue([for arn in try(var.preview.plan_roles, []) : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", arn)) && !can(regex("/apply-[^/]*$", arn))])
    error_message = "plan_roles are ARNs of roles, without wildcards, and none of them is one that applies."
  }
}

variable "drift" {
  description = "Drift checks, in a separate task with the pass's role: whether they are enabled, and a rate or cron expression. Null: none."
  type = object({
    enabled  = optional(bool, false)
    schedule = optional(string, "rate(1 day)")
  })
  default = null

  validation {
    condition     = var.drift == null || can(regex("^(rate\\([1-9][0-9]* (minute|hour|day)s?\\)|cron\\([^)]+\\))$", var.drift.schedule))
    error_message = "schedule is rate(1 day), or cron() of six fields in UTC."
  }
}

variable "tasks_for_workspaces" {
  description = "Whether the pass applies each stale workspace in a separate task of size (--executor ecs://…). The pass itself then needs only small."
  type        = bool
  default     = false
  nullable    = false
}

variable "small" {
  description = "CPU units and MiB of a task that asks, and gives the work to other tasks: the pass with tasks_for_workspaces, and that of previews."
  type = object({
    cpu    = optional(number, 256)
    memory = optional(number, 1024)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([256, 512, 1024], var.small.cpu) && var.small.memory >= 2 * var.small.cpu && var.small.memory <= 8 * var.small.cpu && var.small.memory % 512 == 0
    error_message = "cpu of small is 256, 512 or 1024; memory is two to eight times that, in steps of 512."
  }
}

variable "notify" {
  description = "Notification channels of passes: topics by ARN; whether on merged pull requests in Backlog, with the key in the secret backlog; and the type of the Backlog issues to maintain for workspaces that fail, null for none."
  type = object({
    topic_arns = optional(set(string), [])
    backlog    = optional(bool, false)
    issues     = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for arn in var.notify.topic_arns : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "notify.topic_arns are ARNs of SNS topics."
  }

  validation {
    condition     = var.notify.issues == null || var.notify.backlog
    error_message = "notify.issues are in Backlog: set notify.backlog."
  }
}

variable "states" {
  description = "State buckets that the task itself uses, for workspaces without roles, by a name of your choice: bucket, KMS key and the prefix of the states."
  type = map(object({
    bucket_arn  = string
    kms_key_arn = string
    prefix      = optional(string, "")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for s in var.states : can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]+$", s.bucket_arn)) && can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", s.kms_key_arn))])
    error_message = "states are ARNs of a bucket and of its key."
  }

  validation {
    condition     = alltrue([for s in var.states : s.prefix == "" || can(regex("^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*/$", s.prefix))])
    error_message = "prefix is empty, or a path that ends in a slash."
  }
}

variable "codebuild_project_arns" {
  description = "CodeBuild projects that run the same image: the task may check whether a build that held a lease has ended."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.codebuild_project_arns : can(regex("^arn:[a-z-]+:codebuild:[a-z0-9-]+:[0-9]{12}:project/[A-Za-z0-9_-]+$", arn))])
    error_message = "codebuild_project_arns are ARNs of projects."
  }
}

variable "alarm_topic_arns" {
  description = "Topics that are told when no pass completes or a workspace fails."
  type        = set(string)

  validation {
    condition     = length(var.alarm_topic_arns) > 0 && alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "alarm_topic_arns must have at least one ARN of an SNS topic, to notify when the reconciler stops."
  }
}

variable "permissions_boundary" {
  description = "Permissions boundary of the roles of this module."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary is the ARN of a policy."
  }
}

variable "tags" {
  description = "Tags of all resources in the module: Owner, DataClass (public, internal, confidential or restricted), Environment, and others."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for key in ["Owner", "DataClass", "Environment"] : try(length(var.tags[key]) > 0, false)])
    error_message = "tags needs Owner, DataClass and Environment, none of them empty."
  }

  validation {
    condition     = contains(["public", "internal", "confidential", "restricted"], try(var.tags.DataClass, "public"))
    error_message = "The tag DataClass is public, internal, confidential or restricted."
  }
}
