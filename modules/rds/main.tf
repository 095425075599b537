locals {
  replica = var.replica_of != null
  fresh   = !local.replica && var.snapshot_identifier == null

  engines = {
    postgres = {
      family = "postgres${split(".", var.engine_version)[0]}"
      tls    = "rds.force_ssl"
      logs   = ["postgresql", "upgrade"]
      port   = 5432
    }
    mysql = {
      family = "mysql${join(".", slice(split(".", "${var.engine_version}.0"), 0, 2))}"
      tls    = "require_secure_transport"
      logs   = ["error", "slowquery"]
      port   = 3306
    }
  }
  engine = local.engines[var.engine]
}

# Not every Region has every class. This fails in the plan where AWS does not
# offer it.
# Its postcondition is all that it is for.
# tflint-ignore: terraform_unused_declarations
data "aws_rds_orderable_db_instance" "this" {
  engine                     = var.engine
  instance_class             = var.instance_class
  storage_type               = "gp3"
  vpc                        = true
  preferred_instance_classes = [var.instance_class] # of its versions, any
  engine_latest_version      = true

  lifecycle {
    postcondition {
      condition     = self.multi_az_capable || !var.multi_az
      error_message = "AWS offers ${var.instance_class} here only in one zone. Choose another instance_class, or multi_az = false."
    }
  }
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = values(var.subnet_ids)

  tags = merge(var.tags, { Name = var.name })
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = local.engine.family

  dynamic "parameter" {
    for_each = merge(
      { for name, p in var.parameters : name => p },
      { (local.engine.tls) = { value = "1", apply_method = "immediate" } },
    )

    content {
      name         = parameter.key
      value        = parameter.value.value
      apply_method = parameter.value.apply_method
    }
  }

  tags = merge(var.tags, { Name = var.name })

  # The family cannot be changed in place: the instance moves to a new group
  # first.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  # checkov:skip=CKV_AWS_118:Database Insights tell which query it was; CloudWatch, how busy it is.
  # checkov:skip=CKV_AWS_133:backup_days is at least one, but for a replica, whose source has them.
  # checkov:skip=CKV_AWS_157:In two zones by default; staging and replicas may do with one.
  # checkov:skip=CKV_AWS_293:On by default; off before an end that somebody approved.
  identifier     = var.name
  engine         = local.replica ? null : var.engine
  engine_version = var.engine_version # of a replica, too, so that its promotion does not change it
  instance_class = var.instance_class
  db_name        = local.fresh ? var.database : null
  port           = local.engine.port

  replicate_source_db = var.replica_of
  snapshot_identifier = var.snapshot_identifier

  # AWS creates, stores and rotates the password in Secrets Manager. For a
  # database with replicas this is not possible (RDS User Guide, "Limitations
  # for Secrets Manager integration"). Then the password is 122 random bits that
  # are stored nowhere.
  username                      = local.fresh ? var.username : null
  manage_master_user_password   = local.replica || var.followed ? null : true
  master_user_secret_kms_key_id = local.replica || var.followed ? null : var.kms_key_arn
  password_wo                   = var.followed && !local.replica ? uuid() : null
  password_wo_version           = var.followed && !local.replica ? 1 : null

  iam_database_authentication_enabled = true

  storage_type          = "gp3"
  allocated_storage     = local.replica ? null : var.storage.size
  max_allocated_storage = var.storage.max
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = var.security_group_ids
  publicly_accessible    = false
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  parameter_group_name   = aws_db_parameter_group.this.name

  backup_retention_period  = var.backup_days
  backup_window            = "17:00-18:00" # 2 to 3 at night in Japan
  maintenance_window       = "Sat:18:30-Sat:19:30"
  copy_tags_to_snapshot    = true
  delete_automated_backups = false

  # An approved change is made at once, not later in a window when nobody
  # watches. Until then every plan would show it again.
  apply_immediately          = true
  auto_minor_version_upgrade = true

  enabled_cloudwatch_logs_exports = local.engine.logs
  performance_insights_enabled    = var.performance_insights
  performance_insights_kms_key_id = var.performance_insights ? var.kms_key_arn : null

  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = local.replica
  final_snapshot_identifier = local.replica ? null : "${var.name}-final-${var.generation}"

  tags = merge(var.tags, { Name = var.name })

  # The provider would wait 40, 80 and 60 minutes. A replica of a few hundred
  # GiB in another Region, or a restore, takes longer; what AWS goes on with
  # after a wait that was given up is tainted, and the next plan replaces it.
  timeouts {
    create = "150m"
    update = "150m"
    delete = "90m"
  }

  lifecycle {
    # The source and the first user are only used at creation. A change of
    # either would replace the database.
    ignore_changes = [snapshot_identifier, username, db_name]

    # AWS makes the groups that are missing, neither encrypted with a key of
    # ours nor ever emptied.
    precondition {
      condition     = alltrue([for log in local.engine.logs : contains(var.log_groups, "/aws/rds/instance/${var.name}/${log}")])
      error_message = "Make the log groups of ${var.name} first: ${join(", ", [for log in local.engine.logs : "/aws/rds/instance/${var.name}/${log}"])}."
    }
  }
}
