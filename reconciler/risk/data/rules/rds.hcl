# Databases. "A" is the RDS API, ModifyDBInstance, where nothing else is named.

rule "aws_db_instance" "instance_class" {
  types  = ["aws_rds_cluster_instance"]
  risk   = "interruption"
  en     = "{before} → {after} restarts the database, some ten minutes; Multi-AZ about one"
  ja     = "{before} → {after} でデータベースが再起動します。10 分ほど、マルチ AZ では 1 分ほどです"
  source = "A DBInstanceClass: an outage during this change"
}

rule "aws_db_instance" "engine_version" {
  types  = ["aws_rds_cluster"]
  risk   = "interruption"
  en     = "the upgrade {before} → {after} stops the database, ten minutes to an hour, also with Multi-AZ"
  ja     = "{before} → {after} へのアップグレードでデータベースが止まります。マルチ AZ でも 10 分から 1 時間ほどです"
  source = "A EngineVersion: an outage occurs during this change"
}

rule "aws_db_instance" "db_subnet_group_name" {
  risk   = "interruption"
  en     = "the database moves to the subnets of {after} and stops meanwhile, some minutes"
  ja     = "データベースが {after} のサブネットへ移り、その間の数分間止まります"
  source = "A DBSubnetGroupName: an outage"
}

rule "aws_db_instance" "identifier" {
  types  = ["aws_rds_cluster_instance"]
  risk   = "interruption"
  en     = "the database restarts and gets another endpoint: clients that use the old name lose it"
  ja     = "データベースが再起動し、エンドポイントが変わります。これまでの名前を使うクライアントは接続できなくなります"
  source = "A NewDBInstanceIdentifier: the DB instance is rebooted"
}

rule "aws_db_instance" "port" {
  types  = ["aws_rds_cluster"]
  risk   = "interruption"
  en     = "the database restarts and listens on port {after} only, no longer on {before}"
  ja     = "データベースが再起動し、ポート {after} だけで待ち受けます（これまでは {before}）"
  source = "A DBPortNumber: the database restarts whatever ApplyImmediately is"
}

rule "aws_db_instance" "restarts" {
  types  = ["aws_rds_cluster_instance", "aws_rds_cluster"]
  paths  = ["ca_cert_identifier", "ca_certificate_identifier", "option_group_name", "dedicated_log_volume", "upgrade_storage_config", "domain", "domain_fqdn", "network_type"]
  risk   = "interruption"
  en     = "{path}: {before} → {after} can restart the database, or refuse connections for some minutes"
  ja     = "{path}: {before} → {after} により、データベースが再起動するか、数分間接続を受け付けないことがあります"
  source = "A CertificateRotationRestart, OptionGroupName, DedicatedLogVolume, Domain, NetworkType"
}

rule "aws_db_instance" "storage_type" {
  when   = before == "standard" || after == "standard"
  risk   = "interruption"
  en     = "{before} → {after} stops the database while its storage is moved"
  ja     = "{before} → {after} ではストレージの移行中、データベースが止まります"
  source = "A StorageType: an outage when migrating from or to magnetic"
}

rule "aws_db_instance" "allocated_storage" {
  types  = ["aws_rds_cluster"]
  when   = num(after, 0) < num(before, 0)
  risk   = "interruption"
  en     = "{before} → {after} GiB: AWS refuses to shrink a database's storage, so the apply stops there"
  ja     = "{before} → {after} GiB: AWS はストレージの縮小を拒否するため、適用はここで止まります"
  source = "A AllocatedStorage: must be at least 10% greater"
}

rule "aws_db_instance" "backups_off" {
  paths  = ["backup_retention_period"]
  when   = num(before, 0) > 0 && num(after, 0) == 0
  risk   = "loss"
  guard  = true
  en     = "turns automated backups off and deletes those of {before} days, and the database stops for some seconds"
  ja     = "自動バックアップを無効にし、{before} 日分を削除します。データベースも数秒間止まります"
  source = "A BackupRetentionPeriod: 0 disables automated backups; an outage from or to 0"
}

rule "aws_db_instance" "backups_on" {
  paths  = ["backup_retention_period"]
  when   = num(before, 0) == 0 && num(after, 0) > 0
  risk   = "interruption"
  en     = "turns automated backups on, and the database stops for some seconds"
  ja     = "自動バックアップを有効にし、データベースが数秒間止まります"
  source = "A BackupRetentionPeriod: an outage from or to 0"
}

rule "aws_db_instance" "backups_shorter" {
  types  = ["aws_rds_cluster", "aws_rds_global_cluster", "aws_docdb_cluster", "aws_neptune_cluster", "aws_redshift_cluster"]
  paths  = ["backup_retention_period", "automated_snapshot_retention_period"]
  when   = num(after, 0) > 0 && num(after, 0) < num(before, 0)
  risk   = "loss"
  guard  = true
  en     = "deletes the automated backups that are older than {after} days; {before} days were kept"
  ja     = "{after} 日を過ぎた自動バックアップを削除します（これまでは {before} 日分）"
  source = "A BackupRetentionPeriod"
}

rule "aws_db_instance" "deletion_protection" {
  types  = ["aws_rds_cluster", "aws_rds_global_cluster", "aws_docdb_cluster", "aws_neptune_cluster", "aws_redshift_cluster"]
  when   = isset(before) && !isset(after)
  risk   = "loss"
  guard  = true
  en     = "takes the deletion protection off: the next change can destroy the database"
  ja     = "削除保護を外します。次の変更でデータベースを削除できるようになります"
  source = "A DeletionProtection"
}

rule "aws_db_instance" "skip_final_snapshot" {
  types  = ["aws_rds_cluster", "aws_rds_global_cluster", "aws_docdb_cluster", "aws_neptune_cluster", "aws_redshift_cluster"]
  when   = isset(after) && !isset(before)
  risk   = "loss"
  guard  = true
  en     = "gives up the final snapshot: when the database is destroyed, its data is gone"
  ja     = "最終スナップショットを作らなくなります。データベースを削除するとデータも失われます"
  source = "D db_instance, skip_final_snapshot"
}

rule "aws_db_instance" "delete_automated_backups" {
  types  = ["aws_rds_cluster"]
  when   = isset(after) && !isset(before)
  risk   = "loss"
  guard  = true
  en     = "automated backups will be deleted together with the database"
  ja     = "データベースを削除すると、自動バックアップも一緒に削除されるようになります"
  source = "D db_instance, delete_automated_backups"
}

rule "aws_db_instance" "multi_az" {
  when   = isset(before) && !isset(after)
  risk   = "interruption"
  guard  = true
  en     = "gives up the standby: a failure of the zone then stops the database"
  ja     = "スタンバイをなくします。以後、ゾーンの障害でデータベースが止まります"
  source = "A MultiAZ: the change itself is without an outage"
}

rule "aws_db_instance" "access_off" {
  types  = ["aws_rds_cluster", "aws_rds_cluster_instance"]
  paths  = ["publicly_accessible", "iam_database_authentication_enabled"]
  when   = isset(before) && !isset(after)
  risk   = "interruption"
  en     = "{path} is turned off: clients that connect in this way lose the database"
  ja     = "{path} を無効にします。この方法で接続するクライアントは接続できなくなります"
  source = "A PubliclyAccessible, EnableIAMDatabaseAuthentication"
}

rule "aws_db_instance" "replicate_source_db" {
  types  = ["aws_rds_cluster"]
  paths  = ["replicate_source_db", "replication_source_identifier"]
  risk   = "interruption"
  en     = "promotes the replica to a database of its own: it restarts, and does not follow {before} any more"
  ja     = "レプリカを独立したデータベースに昇格させます。再起動し、{before} には追従しなくなります"
  source = "D db_instance, replicate_source_db; A PromoteReadReplica"
}

rule "aws_db_subnet_group" "subnet_ids" {
  when   = removes(before, after)
  risk   = "interruption"
  en     = "takes subnets away: a database there cannot fail over into them"
  ja     = "サブネットを外します。データベースはそこへフェイルオーバーできなくなります"
  source = "A ModifyDBSubnetGroup: SubnetInUse"
}

rule "aws_db_cluster_snapshot" "shared_accounts" {
  types  = ["aws_db_snapshot"]
  when   = removes(before, after)
  risk   = "interruption"
  en     = "other accounts lose their access to the snapshot"
  ja     = "ほかのアカウントがスナップショットを使えなくなります"
  source = "A ModifyDBSnapshotAttribute"
}

note "aws_db_instance" "pending" {
  types  = ["aws_rds_cluster_instance", "aws_rds_cluster"]
  paths  = ["instance_class", "engine_version", "db_subnet_group_name", "identifier", "allocated_storage", "storage_type", "iops", "backup_retention_period", "option_group_name", "ca_cert_identifier", "multi_az", "license_model", "dedicated_log_volume"]
  when   = !isset(new("apply_immediately"))
  en     = "It is in force only after the next maintenance window[, {new.maintenance_window},] and every plan shows it until then"
  ja     = "反映されるのは次のメンテナンスウィンドウ[（{new.maintenance_window}）]で、それまではプランに毎回表示されます"
  source = "D db_instance, apply_immediately"
}

note "aws_db_instance" "after_restart" {
  types  = ["aws_rds_cluster_instance", "aws_rds_cluster"]
  paths  = ["parameter_group_name", "db_parameter_group_name", "db_cluster_parameter_group_name"]
  en     = "Static parameters are in force only after the database restarts"
  ja     = "静的なパラメータは、データベースの再起動後に反映されます"
  source = "A DBParameterGroupName: the change isn't applied until the next reboot"
}

note "aws_db_parameter_group" "after_restart" {
  types  = ["aws_rds_cluster_parameter_group"]
  paths  = ["parameter"]
  en     = "Static parameters are in force only after the database restarts"
  ja     = "静的なパラメータは、データベースの再起動後に反映されます"
  source = "A ModifyDBParameterGroup, ApplyMethod"
}

rule "aws_db_parameter_group" "refuses" {
  types  = ["aws_rds_cluster_parameter_group"]
  paths  = ["parameter"]
  when   = refuses(before, after)
  risk   = "interruption"
  en     = "a parameter changes that decides which clients may connect or write: others than before are refused"
  ja     = "接続や書き込みができるクライアントを決めるパラメータが変わります。拒否されるクライアントが変わります"
  source = "A RDS guide, rds.force_ssl and require_secure_transport; X the other names"
}

rule "aws_db_instance" "slower" {
  types  = ["aws_rds_cluster", "aws_ebs_volume"]
  paths  = ["iops", "storage_throughput", "throughput"]
  when   = num(after, 0) < num(before, 0)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: reads and writes can become slow"
  ja     = "{path}: {before} → {after}: 読み書きが遅くなることがあります"
  source = "A Iops, StorageThroughput; EC2 API ModifyVolume"
}

rule "aws_db_instance" "max_allocated_storage" {
  when   = num(after, 0) < num(before, 0)
  risk   = "interruption"
  guard  = true
  en     = "{before} → {after} GiB (0: none): the storage does not grow beyond it by itself, and a full one stops the database"
  ja     = "{before} → {after} GiB（0 はなし）: ストレージがこれ以上は自動で増えず、いっぱいになるとデータベースが止まります"
  source = "A RDS guide, storage autoscaling"
}
