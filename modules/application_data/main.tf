locals {
  port    = { postgres = 5432, mysql = 3306 }[var.database.engine]
  replica = var.database.replica_of != null
  tags    = merge(var.tags, var.backup_tag)

  # The first has the application's name; later ones also have their number.
  generation = tostring(var.database.generation)
  names      = { (local.generation) = local.generation == "1" ? var.name : "${var.name}-${local.generation}" }
  database   = module.database[local.generation]
}

module "database_group" {
  source = "../security_group"

  name        = "${var.name}-database"
  description = "Database of ${var.name}"
  vpc_id      = var.vpc.id
  ingress     = { for name, cidr in var.clients : name => { description = "Database from ${name}", ports = tostring(local.port), cidr = cidr } }
  tags        = var.tags
}

module "files_group" {
  source = "../security_group"

  name        = "${var.name}-files"
  description = "File system of ${var.name}"
  vpc_id      = var.vpc.id
  ingress     = { for name, cidr in var.clients : name => { description = "NFS from ${name}", ports = "2049", cidr = cidr } }
  tags        = var.tags
}

module "database" {
  source   = "../rds"
  for_each = local.names

  name                = each.value
  engine              = var.database.engine
  engine_version      = var.database.engine_version
  instance_class      = var.database.instance_class
  storage             = var.database.storage
  multi_az            = var.database.multi_az
  backup_days         = var.database.backup_days
  generation          = var.database.generation
  replica_of          = var.database.replica_of
  followed            = true
  snapshot_identifier = var.database.snapshot_identifier
  subnet_ids          = { for zone, subnet in var.vpc.data_subnets : "data-${zone}" => subnet.id }
  security_group_ids  = [module.database_group.id]
  kms_key_arn         = var.kms_key_arn
  log_groups          = var.log_groups
  deletion_protection = var.database.protected
  tags                = local.tags
}

module "files" {
  source = "../efs"

  name               = var.name
  kms_key_arn        = var.kms_key_arn
  subnets            = var.vpc.data_subnets
  security_group_ids = [module.files_group.id]
  access_points      = { logs = { path = "/logs", uid = var.files.uid, gid = var.files.gid } }
  default_backup     = length(var.backup_tag) == 0 # otherwise the plan selects it by tag
  tags               = local.tags
}

module "watch" {
  source = "../cloudwatch"

  topic_arns = var.topic_arns
  alarms = merge(
    {
      "${var.name}-database-storage" = {
        description = "The database has less than 2 GiB left, and has not grown: has it come to storage.max?"
        namespace   = "AWS/RDS"
        metric      = "FreeStorageSpace"
        dimensions  = { DBInstanceIdentifier = local.database.identifier }
        statistic   = "Minimum"
        period      = 300
        when        = "<"
        threshold   = 2147483648
      }
      "${var.name}-database-load" = {
        description = "The database has been busy for a quarter of an hour: Database Insights tell with which queries."
        namespace   = "AWS/RDS"
        metric      = "CPUUtilization"
        dimensions  = { DBInstanceIdentifier = local.database.identifier }
        statistic   = "Average"
        period      = 300
        threshold   = 90
      }
    },
    # The data that a switch to the replica would lose.
    { for name in local.replica ? ["${var.name}-database-lag"] : [] : name => {
      description = "The replica is five minutes behind, or does not follow: what it lacks is lost if it is promoted now."
      namespace   = "AWS/RDS"
      metric      = "ReplicaLag"
      dimensions  = { DBInstanceIdentifier = local.database.identifier }
      statistic   = "Maximum"
      threshold   = 300
      missing     = "breaching"
    } },
  )
  tags = var.tags
}
