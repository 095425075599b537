# Files, objects, tables, backups, keys, secrets. What is deleted here is gone.

rule "aws_dlm_lifecycle_policy" "off" {
  paths  = ["state"]
  when   = before == "ENABLED" && after != "ENABLED"
  risk   = "loss"
  guard  = true
  en     = "the policy makes no more snapshots"
  ja     = "このポリシーによるスナップショットは作成されなくなります"
  source = "A DLM API UpdateLifecyclePolicy"
}

rule "aws_dlm_lifecycle_policy" "details" {
  paths  = ["policy_details"]
  risk   = "loss"
  guard  = true
  en     = "snapshots are made or kept otherwise: those that are beyond the new rules are deleted"
  ja     = "スナップショットの作成や保持の条件が変わります。新しい条件から外れるものは削除されます"
  source = "A DLM guide, modify a policy"
}

rule "aws_s3_bucket_versioning" "create_suspended" {
  on     = ["create"]
  when   = known(new("bucket")) && new("versioning_configuration.0.status") == "Suspended"
  risk   = "loss"
  guard  = true
  en     = "objects of {new.bucket} that are overwritten or deleted from now on cannot be had back"
  ja     = "{new.bucket} で以後に上書きや削除をしたオブジェクトは、元に戻せなくなります"
  source = "A S3 guide, versioning-suspended buckets"
}

rule "aws_s3_bucket_object_lock_configuration" "compliance" {
  on     = ["create", "update"]
  paths  = ["rule"]
  when   = new("rule.0.default_retention.0.mode") == "COMPLIANCE" && old("rule.0.default_retention.0.mode") != "COMPLIANCE"
  risk   = "loss"
  en     = "new objects cannot be deleted by anybody, AWS neither, until their time is over: they stay, and are paid for"
  ja     = "新しいオブジェクトは期限まで AWS を含め誰も削除できず、保管料がかかり続けます"
  source = "A S3 guide, object lock, compliance mode"
}

rule "aws_glacier_vault_lock" "complete" {
  on     = ["create"]
  when   = isset(new("complete_lock"))
  risk   = "loss"
  en     = "nobody can take this lock off again"
  ja     = "このロックは誰も外せません"
  source = "A Glacier API CompleteVaultLock"
}

rule "aws_s3_bucket_public_access_block" "closes" {
  types  = ["aws_s3_account_public_access_block"]
  paths  = ["block_public_acls", "ignore_public_acls", "restrict_public_buckets"]
  when   = !isset(before) && isset(after)
  risk   = "interruption"
  en     = "{path} is turned on: public readers, or writers with public ACLs, are refused"
  ja     = "{path} を有効にします。公開されているオブジェクトの読み取りや、公開 ACL 付きの書き込みは拒否されます"
  source = "A S3 guide, blocking public access"
}

rule "aws_s3_account_public_access_block" "create_closes" {
  on     = ["create"]
  risk   = "interruption"
  en     = "public access to all buckets of the account is closed"
  ja     = "アカウントの全バケットで、公開アクセスが閉じられます"
  source = "A S3 guide, blocking public access"
}

rule "aws_s3_bucket" "force_destroy" {
  types  = ["aws_backup_vault", "aws_s3_directory_bucket"]
  when   = isset(after) && !isset(before)
  risk   = "loss"
  guard  = true
  en     = "takes a protection off: it can be destroyed together with all that is in it"
  ja     = "保護を外します。中身ごと削除できるようになります"
  source = "D s3_bucket, backup_vault: force_destroy"
}

rule "aws_s3_bucket" "versioning" {
  paths  = ["versioning.*.enabled"]
  when   = isset(before) && !isset(after)
  risk   = "loss"
  guard  = true
  en     = "suspends versioning: what is overwritten or deleted from now on cannot be had back"
  ja     = "バージョニングを停止します。以後に上書きまたは削除したものは元に戻せません"
  source = "D s3_bucket, versioning; A S3 guide, versioning: suspended"
}

rule "aws_s3_bucket" "lifecycle_rule" {
  risk   = "loss"
  guard  = true
  en     = "lifecycle rules change: objects can be deleted that were kept, or sooner than before"
  ja     = "ライフサイクルルールが変わります。これまで残っていたオブジェクトが削除されるか、早く削除されることがあります"
  source = "D s3_bucket, lifecycle_rule; X which rule is which cannot be told from a list"
}

rule "aws_ecr_repository" "force_delete" {
  when   = isset(after) && !isset(before)
  risk   = "loss"
  guard  = true
  en     = "takes a protection off: the repository can be destroyed together with its images"
  ja     = "保護を外します。リポジトリをイメージごと削除できるようになります"
  source = "D ecr_repository, force_delete"
}

rule "aws_s3_bucket_versioning" "suspended" {
  paths  = ["versioning_configuration.*.status", "versioning_configuration.status"]
  when   = before == "Enabled" && after != "Enabled"
  risk   = "loss"
  guard  = true
  en     = "suspends versioning: what is overwritten or deleted from now on cannot be had back"
  ja     = "バージョニングを停止します。以後に上書きまたは削除したものは元に戻せません"
  source = "A S3 guide, versioning: suspended"
}

rule "aws_s3_bucket_versioning" "removed" {
  on     = ["delete", "replace"]
  risk   = "loss"
  guard  = true
  en     = "suspends versioning: what is overwritten or deleted from now on cannot be had back"
  ja     = "バージョニングを停止します。以後に上書きまたは削除したものは元に戻せません"
  source = "D s3_bucket_versioning: destroying it suspends versioning"
}

rule "aws_s3_bucket_lifecycle_configuration" "sooner" {
  paths  = ["rule"]
  when   = sooner(old("rule"), new("rule"))
  risk   = "loss"
  guard  = true
  en     = "objects are deleted that were kept, or sooner than before"
  ja     = "これまで残っていたオブジェクトが削除されるか、早く削除されるようになります"
  source = "A S3 guide, lifecycle expiration"
}

rule "aws_s3_bucket_lifecycle_configuration" "create_expires" {
  on     = ["create"]
  when   = expires(new("rule"))
  risk   = "loss"
  en     = "a rule deletes objects that grow old, also those that exist already"
  ja     = "期限を過ぎたオブジェクトを削除するルールです。すでにあるものも対象です"
  source = "A S3 guide, lifecycle: applies to existing objects, too"
}

rule "aws_s3_bucket_object_lock_configuration" "shorter" {
  paths  = ["rule"]
  when   = num(new("rule.0.default_retention.0.days"), 0) < num(old("rule.0.default_retention.0.days"), 0) || num(new("rule.0.default_retention.0.years"), 0) < num(old("rule.0.default_retention.0.years"), 0) || (old("rule.0.default_retention.0.mode") == "COMPLIANCE" && new("rule.0.default_retention.0.mode") != "COMPLIANCE")
  risk   = "loss"
  guard  = true
  en     = "the lock of new objects gets shorter or weaker: they can be deleted sooner"
  ja     = "新しいオブジェクトのロックが短くなるか弱くなり、早く削除できるようになります"
  source = "A S3 API PutObjectLockConfiguration"
}

rule "aws_s3_bucket_replication_configuration" "stops" {
  paths  = ["rule"]
  when   = replicatesless(old("rule"), new("rule"))
  risk   = "loss"
  guard  = true
  en     = "replication stops, leaves objects out, or goes elsewhere: new objects have no copy there any more"
  ja     = "レプリケーションが止まるか、対象か複製先が変わります。以後のオブジェクトは、これまでの複製先に複製されなくなります"
  source = "A S3 guide, replication"
}

rule "aws_s3_bucket_replication_configuration" "removed" {
  on     = ["delete"]
  risk   = "loss"
  guard  = true
  en     = "replication stops: new objects have no copy any more"
  ja     = "レプリケーションが止まります。以後のオブジェクトには複製がありません"
  source = "A S3 guide, replication"
}

rule "aws_s3_bucket_policy" "denies" {
  types  = ["aws_kms_key", "aws_sns_topic_policy", "aws_sqs_queue_policy", "aws_efs_file_system_policy", "aws_api_gateway_rest_api_policy", "aws_api_gateway_rest_api", "aws_secretsmanager_secret_policy", "aws_secretsmanager_secret", "aws_s3_bucket", "aws_vpc_endpoint_policy", "aws_backup_vault_policy", "aws_ecr_repository_policy", "aws_dynamodb_resource_policy", "aws_sns_topic", "aws_sqs_queue", "aws_kms_key_policy"]
  paths  = ["policy"]
  when   = denies(before, after)
  risk   = "interruption"
  en     = "the policy has a new Deny: callers can be refused, reconcile too"
  ja     = "ポリシーに新しい Deny が加わります。呼び出し元（reconcile を含む）が拒否されることがあります"
  source = "A IAM guide, policy evaluation"
}

rule "aws_s3_bucket_policy" "withdraws" {
  types  = ["aws_kms_key", "aws_sns_topic_policy", "aws_sqs_queue_policy", "aws_efs_file_system_policy", "aws_secretsmanager_secret_policy", "aws_secretsmanager_secret", "aws_s3_bucket", "aws_vpc_endpoint_policy", "aws_backup_vault_policy", "aws_ecr_repository_policy", "aws_dynamodb_resource_policy", "aws_sns_topic", "aws_sqs_queue", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_key_policy", "aws_api_gateway_rest_api_policy", "aws_api_gateway_rest_api"]
  paths  = ["policy"]
  when   = withdraws(before, after)
  risk   = "interruption"
  en     = "the policy does not allow all that it did: callers that need the rest are refused"
  ja     = "ポリシーで許可される操作が減ります。減った分を使う呼び出し元は拒否されます"
  source = "A IAM guide, policy evaluation: what no statement allows is denied"
}

rule "aws_efs_file_system" "protection" {
  paths  = ["protection.*.replication_overwrite"]
  when   = before == "ENABLED" && after != "ENABLED"
  risk   = "loss"
  guard  = true
  en     = "takes the replication overwrite protection off: the file system can be overwritten by a replica"
  ja     = "レプリケーションの上書き保護を外します。ファイルシステムが複製で上書きされうる状態になります"
  source = "A EFS API UpdateFileSystemProtection"
}

rule "aws_efs_file_system" "throughput" {
  paths  = ["throughput_mode", "provisioned_throughput_in_mibps"]
  when   = before == "elastic" || num(after, 0) < num(before, 0)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: reads and writes can become slow"
  ja     = "{path}: {before} → {after}: 読み書きが遅くなることがあります"
  source = "A EFS guide, performance"
}

rule "aws_efs_backup_policy" "off" {
  paths  = ["backup_policy"]
  when   = new("backup_policy.0.status") != "ENABLED"
  risk   = "loss"
  guard  = true
  en     = "automatic backups of the file system are turned off"
  ja     = "ファイルシステムの自動バックアップを無効にします"
  source = "A EFS API PutBackupPolicy"
}

rule "aws_efs_backup_policy" "removed" {
  on     = ["delete"]
  risk   = "loss"
  guard  = true
  en     = "automatic backups of the file system are turned off"
  ja     = "ファイルシステムの自動バックアップを無効にします"
  source = "S efs/backup_policy.go: delete disables it"
}

rule "aws_efs_replication_configuration" "removed" {
  on     = ["delete", "replace"]
  risk   = "loss"
  guard  = true
  en     = "replication ends: files written from now on have no copy, and the copy does not follow"
  ja     = "レプリケーションが終わります。以後のファイルには複製がありません"
  source = "A EFS API DeleteReplicationConfiguration"
}

rule "aws_efs_mount_target" "security_groups" {
  when   = removes(before, after)
  risk   = "interruption"
  en     = "a security group leaves the mount target: clients that only it admits lose their files"
  ja     = "マウントターゲットからセキュリティグループが外れ、それだけで許可されていたクライアントはファイルを使えなくなります"
  source = "A EFS API ModifyMountTargetSecurityGroups"
}

rule "aws_dynamodb_table" "deletion_protection_enabled" {
  types  = ["aws_cognito_user_pool"]
  paths  = ["deletion_protection_enabled", "deletion_protection"]
  when   = isset(before) && before != "INACTIVE" && (!isset(after) || after == "INACTIVE")
  risk   = "loss"
  guard  = true
  en     = "takes the deletion protection off: the next change can destroy it with its data"
  ja     = "削除保護を外します。次の変更でデータごと削除できるようになります"
  source = "A DynamoDB API UpdateTable, DeletionProtectionEnabled"
}

rule "aws_dynamodb_table" "point_in_time_recovery" {
  paths  = ["point_in_time_recovery"]
  when   = isset(old("point_in_time_recovery.0.enabled")) && !isset(new("point_in_time_recovery.0.enabled"))
  risk   = "loss"
  guard  = true
  en     = "turns point-in-time recovery off: the table cannot be brought back to an earlier time"
  ja     = "ポイントインタイムリカバリを無効にします。テーブルを過去の時点に戻せなくなります"
  source = "A DynamoDB API UpdateContinuousBackups"
}

rule "aws_dynamodb_table" "recovery_period" {
  paths  = ["point_in_time_recovery.*.recovery_period_in_days"]
  when   = num(after, 35) < num(before, 35)
  risk   = "loss"
  guard  = true
  en     = "the table can be brought back for {after} days only, no longer for {before}"
  ja     = "テーブルを戻せる期間が {before} 日から {after} 日に短くなります"
  source = "A DynamoDB API UpdateContinuousBackups, RecoveryPeriodInDays"
}

rule "aws_dynamodb_table" "ttl" {
  paths  = ["ttl"]
  when   = isset(new("ttl.0.enabled")) && (!isset(old("ttl.0.enabled")) || old("ttl.0.attribute_name") != new("ttl.0.attribute_name"))
  risk   = "loss"
  en     = "deletes items by the time in {new.ttl.0.attribute_name}, also those that exist already"
  ja     = "{new.ttl.0.attribute_name} の時刻を過ぎた項目を削除します。すでにある項目も対象です"
  source = "A DynamoDB guide, TTL"
}

rule "aws_dynamodb_table" "capacity" {
  paths  = ["read_capacity", "write_capacity", "billing_mode", "on_demand_throughput", "global_secondary_index"]
  when   = before == "PAY_PER_REQUEST" || num(after, 0) < num(before, 0) || removes(before, after)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: requests beyond it are refused"
  ja     = "{path}: {before} → {after}: これを超えるリクエストは拒否されます"
  source = "A DynamoDB API UpdateTable"
}

rule "aws_dynamodb_table" "replica" {
  when   = removes(before, after)
  risk   = "loss"
  en     = "replicas of the table change or go, with their data"
  ja     = "テーブルのレプリカが変わるか、データごと削除されます"
  source = "A DynamoDB API UpdateTable, ReplicaUpdates"
}

rule "aws_dynamodb_table" "stream_enabled" {
  when   = isset(before) && !isset(after)
  risk   = "interruption"
  en     = "the stream ends: what reads it gets no more changes"
  ja     = "ストリームが終わり、読み取り側に変更が届かなくなります"
  source = "A DynamoDB API UpdateTable, StreamSpecification"
}

rule "aws_dynamodb_table" "server_side_encryption" {
  when   = isset(old("server_side_encryption.0.enabled")) && !isset(new("server_side_encryption.0.enabled"))
  risk   = "interruption"
  guard  = true
  en     = "the table is not encrypted under a key of yours any more"
  ja     = "テーブルが自分の鍵で暗号化されなくなります"
  source = "A DynamoDB API UpdateTable, SSESpecification"
}

rule "aws_kms_key" "disabled" {
  types  = ["aws_kms_external_key", "aws_kms_replica_key"]
  paths  = ["is_enabled", "enabled"]
  when   = !isset(after)
  risk   = "loss"
  guard  = true
  en     = "disables the key: nothing that is encrypted under it can be read until it is enabled again"
  ja     = "鍵を無効にします。有効に戻すまで、この鍵で暗号化したものは読めません"
  source = "A KMS API DisableKey"
}

rule "aws_kms_key" "enable_key_rotation" {
  when   = isset(before) && !isset(after)
  risk   = "interruption"
  guard  = true
  en     = "the key is not rotated any more"
  ja     = "鍵のローテーションを止めます"
  source = "A KMS API DisableKeyRotation"
}

rule "aws_kms_key" "deletion_window_in_days" {
  when   = num(after, 30) < num(before, 30)
  risk   = "loss"
  guard  = true
  en     = "a deleted key can be had back for {after} days only, no longer for {before}"
  ja     = "削除した鍵を戻せる期間が {before} 日から {after} 日に短くなります"
  source = "A KMS API ScheduleKeyDeletion, PendingWindowInDays"
}

rule "aws_kms_alias" "target_key_id" {
  risk   = "interruption"
  en     = "the alias names another key: callers that name the alias encrypt under another key, and some cannot decrypt"
  ja     = "エイリアスが別の鍵を指します。エイリアスを使う側は別の鍵で暗号化し、復号できないことがあります"
  source = "A KMS API UpdateAlias"
}

rule "aws_secretsmanager_secret" "recovery_window_in_days" {
  when   = num(after, 30) < num(before, 30)
  risk   = "loss"
  guard  = true
  en     = "a deleted secret can be had back for {after} days only, no longer for {before}"
  ja     = "削除したシークレットを戻せる期間が {before} 日から {after} 日に短くなります"
  source = "D secretsmanager_secret, recovery_window_in_days"
}

rule "aws_secretsmanager_secret" "replica" {
  when   = removes(before, after)
  risk   = "interruption"
  en     = "a copy of the secret in another Region goes or changes"
  ja     = "別リージョンにあるシークレットの複製が削除されるか、変わります"
  source = "A Secrets Manager API RemoveRegionsFromReplication"
}

rule "aws_secretsmanager_secret_version" "value" {
  types  = ["aws_ssm_parameter"]
  paths  = ["secret_string", "secret_binary", "secret_string_wo_version", "value", "insecure_value", "value_wo_version"]
  risk   = "interruption"
  en     = "the value is overwritten: readers get another one than before"
  ja     = "値を上書きします。読み取り側が得る値が変わります"
  source = "A Secrets Manager API PutSecretValue; SSM API PutParameter, Overwrite"
}

rule "aws_secretsmanager_secret_rotation" "rotate" {
  paths  = ["rotation_lambda_arn", "rotation_rules", "rotate_immediately"]
  risk   = "interruption"
  en     = "{path} changes: the secret can be rotated at once"
  ja     = "{path} が変わります。シークレットがすぐにローテーションされることがあります"
  source = "D secretsmanager_secret_rotation, rotate_immediately"
}

rule "aws_backup_vault_lock_configuration" "compliance" {
  on     = ["create"]
  when   = num(new("changeable_for_days"), 0) > 0
  risk   = "loss"
  en     = "after {new.changeable_for_days} days nobody can take this lock off, AWS neither: backups then stay, and are paid for, as long as it says"
  ja     = "{new.changeable_for_days} 日を過ぎると、AWS を含め誰もこのロックを外せません。バックアップは期限まで残り、課金されます"
  source = "D backup_vault_lock_configuration, changeable_for_days; A vault lock, compliance mode"
}

rule "aws_backup_vault_lock_configuration" "removed" {
  on     = ["delete", "replace"]
  risk   = "loss"
  guard  = true
  en     = "takes the vault's lock off: backups in it can be deleted"
  ja     = "ボールトのロックを外します。中のバックアップを削除できるようになります"
  source = "A Backup API DeleteBackupVaultLockConfiguration"
}

rule "aws_backup_plan" "delete_after" {
  paths  = ["rule"]
  when   = backupsless(before, after)
  risk   = "loss"
  guard  = true
  en     = "backups are kept shorter, copied less, or a rule of the plan goes"
  ja     = "バックアップの保持が短くなるか、コピーが減るか、プランのルールがなくなります"
  source = "A Backup API UpdateBackupPlan"
}

rule "aws_backup_region_settings" "off" {
  paths  = ["resource_type_opt_in_preference", "resource_type_management_preference"]
  risk   = "interruption"
  guard  = true
  en     = "{path} changes: services can be left out of backups"
  ja     = "{path} が変わります。バックアップの対象から外れるサービスが出ることがあります"
  source = "A Backup API UpdateRegionSettings"
}

rule "aws_ecr_lifecycle_policy" "create" {
  on     = ["create"]
  risk   = "loss"
  en     = "deletes images by a rule, also those that exist already"
  ja     = "ルールに従ってイメージを削除します。すでにあるものも対象です"
  source = "A ECR guide, lifecycle policies: within 24 hours"
}

rule "aws_cloudwatch_log_group" "retention_in_days" {
  when   = num(after, 0) > 0 && (num(before, 0) == 0 || num(after, 0) < num(before, 0))
  risk   = "loss"
  guard  = true
  en     = "deletes logs that are older than {after} days; before it was {before} (0: never)"
  ja     = "{after} 日を過ぎたログを削除します。これまでは {before} 日です（0 は無期限）"
  source = "A CloudWatch Logs API PutRetentionPolicy"
}

rule "aws_cloudwatch_log_group" "skip_destroy" {
  types  = ["aws_dx_connection", "aws_ecs_task_definition", "aws_lambda_layer_version"]
  when   = isset(before) && !isset(after)
  risk   = "loss"
  guard  = true
  en     = "takes a protection off: when it leaves the code it is deleted at AWS, too"
  ja     = "保護を外します。コードから外すと、AWS からも削除されるようになります"
  source = "D cloudwatch_log_group, dx_connection: skip_destroy"
}

rule "aws_cloudwatch_log_group" "deletion_protection_enabled" {
  when   = isset(before) && !isset(after)
  risk   = "loss"
  guard  = true
  en     = "takes the deletion protection off: the next change can destroy the logs"
  ja     = "削除保護を外します。次の変更でログを削除できるようになります"
  source = "A CloudWatch Logs API PutLogGroupDeletionProtection"
}

rule "aws_cloudwatch_log_group" "forgotten" {
  types  = ["aws_dx_connection"]
  on     = ["delete"]
  risk   = "update"
  en     = "leaves the state and stays at AWS (skip_destroy)"
  ja     = "ステートから外れ、AWS には残ります（skip_destroy）"
  source = "D cloudwatch_log_group, dx_connection: skip_destroy"
}

rule "aws_cloudwatch_log_group" "held" {
  types  = ["aws_dx_connection"]
  on     = ["delete"]
  when   = !isset(old("skip_destroy"))
  risk   = "loss"
  en     = "is deleted at AWS, with its logs or the weeks that a new order takes: that cannot be had back"
  ja     = "AWS から削除されます。ログや、再発注にかかる数週間は取り戻せません"
  source = "D cloudwatch_log_group, dx_connection: skip_destroy"
}

rule "aws_sqs_queue" "message_retention_seconds" {
  types  = ["aws_kinesis_stream"]
  paths  = ["message_retention_seconds", "retention_period"]
  when   = num(after, 0) < num(before, 0)
  risk   = "loss"
  guard  = true
  en     = "{before} → {after}: messages that are older are deleted"
  ja     = "{before} → {after}: これを過ぎたメッセージを削除します"
  source = "A SQS API SetQueueAttributes; Kinesis API DecreaseStreamRetentionPeriod"
}

rule "aws_sqs_queue" "behaviour" {
  paths  = ["visibility_timeout_seconds", "delay_seconds", "max_message_size", "redrive_policy", "redrive_allow_policy", "receive_wait_time_seconds", "content_based_deduplication", "deduplication_scope", "fifo_throughput_limit"]
  risk   = "interruption"
  en     = "{path}: {before} → {after} changes when messages are delivered, repeated or refused"
  ja     = "{path}: {before} → {after} により、メッセージの配信、再配信、拒否の条件が変わります"
  source = "A SQS API SetQueueAttributes"
}

rule "aws_s3_bucket_policy" "create_denies" {
  types  = ["aws_sns_topic_policy", "aws_sqs_queue_policy", "aws_kms_key_policy", "aws_efs_file_system_policy", "aws_secretsmanager_secret_policy", "aws_vpc_endpoint_policy", "aws_api_gateway_rest_api_policy"]
  on     = ["create"]
  when   = (known(new("bucket")) || known(new("arn")) || known(new("queue_url")) || known(new("key_id")) || known(new("file_system_id")) || known(new("secret_arn")) || known(new("vpc_endpoint_id")) || known(new("rest_api_id"))) && denies("", new("policy"))
  risk   = "interruption"
  en     = "the policy of something that exists has a Deny: callers can be refused, reconcile too"
  ja     = "すでにあるもののポリシーに Deny があります。呼び出し元（reconcile を含む）が拒否されることがあります"
  source = "A IAM guide, policy evaluation; S what the plan makes itself has no known identifier"
}

rule "aws_s3_bucket_public_access_block" "create_closes" {
  on     = ["create"]
  when   = known(new("bucket")) && (isset(new("ignore_public_acls")) || isset(new("restrict_public_buckets")) || isset(new("block_public_acls")))
  risk   = "interruption"
  en     = "public access to {new.bucket} is closed: public readers, or writers with public ACLs, are refused"
  ja     = "{new.bucket} の公開アクセスを閉じます。公開されているオブジェクトの読み取りや、公開 ACL 付きの書き込みは拒否されます"
  source = "A S3 guide, blocking public access"
}

rule "aws_s3_bucket" "payer" {
  types  = ["aws_s3_bucket_request_payment_configuration"]
  paths  = ["request_payer", "payer"]
  when   = after == "Requester"
  risk   = "interruption"
  en     = "requests that do not say that the requester pays are refused"
  ja     = "リクエスタ支払いを指定しないリクエストは拒否されます"
  source = "A S3 guide, Requester Pays buckets"
}

rule "aws_s3_bucket_request_payment_configuration" "create_payer" {
  on     = ["create"]
  when   = known(new("bucket")) && new("payer") == "Requester"
  risk   = "interruption"
  en     = "requests to {new.bucket} that do not say that the requester pays are refused"
  ja     = "{new.bucket} へのリクエストのうち、リクエスタ支払いを指定しないものは拒否されます"
  source = "A S3 guide, Requester Pays buckets"
}

rule "aws_s3_bucket" "acceleration" {
  types  = ["aws_s3_bucket_accelerate_configuration"]
  paths  = ["acceleration_status", "status"]
  when   = before == "Enabled" && after != "Enabled"
  risk   = "interruption"
  en     = "the accelerated endpoint of the bucket answers nobody any more"
  ja     = "バケットの高速化エンドポイントが応答しなくなります"
  source = "A S3 guide, transfer acceleration"
}

rule "aws_s3_bucket" "acl" {
  types  = ["aws_s3_bucket_acl"]
  paths  = ["acl", "grant", "access_control_policy"]
  risk   = "interruption"
  en     = "{path} changes: whom the ACL admitted can be refused"
  ja     = "{path} が変わります。ACL で許可されていた利用者が拒否されることがあります"
  source = "A S3 guide, access control lists"
}

rule "aws_s3_bucket_ownership_controls" "acls_off" {
  paths  = ["rule"]
  when   = new("rule.0.object_ownership") == "BucketOwnerEnforced" && old("rule.0.object_ownership") != "BucketOwnerEnforced"
  risk   = "interruption"
  en     = "ACLs count no more: whom only they admit, and who writes with one, is refused"
  ja     = "ACL が無効になります。ACL だけで許可されていた利用者や、ACL 付きの書き込みは拒否されます"
  source = "A S3 guide, Object Ownership"
}

rule "aws_s3_bucket_ownership_controls" "create_acls_off" {
  on     = ["create"]
  when   = known(new("bucket")) && new("rule.0.object_ownership") == "BucketOwnerEnforced"
  risk   = "interruption"
  en     = "ACLs of {new.bucket} count no more: whom only they admit, and who writes with one, is refused"
  ja     = "{new.bucket} の ACL が無効になります。ACL だけで許可されていた利用者や、ACL 付きの書き込みは拒否されます"
  source = "A S3 guide, Object Ownership"
}

rule "aws_s3_bucket_lifecycle_configuration" "archives" {
  on     = ["create", "update"]
  paths  = ["rule"]
  when   = archives(old("rule"), new("rule"))
  risk   = "interruption"
  en     = "a rule archives objects: they cannot be read until somebody restores them, which takes hours"
  ja     = "ルールがオブジェクトをアーカイブします。復元するまで（数時間）読み取れません"
  source = "A S3 guide, storage classes GLACIER and DEEP_ARCHIVE"
}

rule "aws_s3_bucket_intelligent_tiering_configuration" "archives" {
  on     = ["create", "update"]
  paths  = ["tiering", "filter", "status"]
  risk   = "interruption"
  en     = "objects that nobody reads are archived: they cannot be read until somebody restores them, which takes hours"
  ja     = "読まれないオブジェクトをアーカイブします。復元するまで（数時間）読み取れません"
  source = "A S3 guide, S3 Intelligent-Tiering archive tiers"
}

rule "aws_s3_bucket_versioning" "mfa_delete" {
  paths  = ["versioning_configuration.*.mfa_delete"]
  when   = before == "Enabled" && after != "Enabled"
  risk   = "loss"
  guard  = true
  en     = "versions of objects can be deleted for good without a second factor"
  ja     = "第 2 の認証要素なしで、オブジェクトのバージョンを完全に削除できるようになります"
  source = "A S3 guide, MFA delete"
}

rule "aws_s3_bucket_notification" "fewer" {
  paths  = ["lambda_function", "queue", "topic", "eventbridge"]
  when   = removes(before, after) || isset(before) && !isset(after)
  risk   = "interruption"
  en     = "{path} changes: what was told of new objects is not told any more"
  ja     = "{path} が変わります。オブジェクトの通知が届かなくなる先があります"
  source = "A S3 API PutBucketNotificationConfiguration"
}

rule "aws_s3_bucket_notification" "adopts" {
  on     = ["create"]
  when   = known(new("bucket"))
  risk   = "interruption"
  en     = "takes away all notifications of {new.bucket} that are not in the code"
  ja     = "{new.bucket} の通知のうち、コードにないものをすべて外します"
  source = "D s3_bucket_notification: overwrites what exists"
}

rule "aws_backup_selection" "less" {
  on     = ["replace"]
  when   = removes(old("resources"), new("resources")) || removes(new("not_resources"), old("not_resources")) || removes(old("selection_tag"), new("selection_tag")) || removes(new("condition"), old("condition"))
  risk   = "loss"
  guard  = true
  en     = "the plan selects less than before: what it leaves out is not backed up any more"
  ja     = "バックアップの対象が減ります。外れたものはバックアップされなくなります"
  source = "A Backup API CreateBackupSelection"
}

rule "aws_backup_plan" "schedule" {
  paths  = ["rule"]
  when   = changesin(before, after, "rule_name", "schedule") || changesin(before, after, "rule_name", "target_vault_name")
  risk   = "interruption"
  guard  = true
  en     = "backups are made at other times, and can be rarer, or lie in another vault"
  ja     = "バックアップの時刻か保管先のボールトが変わります。回数が減ることもあります"
  source = "A Backup API UpdateBackupPlan"
}

rule "aws_sns_topic" "key" {
  types  = ["aws_sqs_queue", "aws_secretsmanager_secret", "aws_ssm_parameter"]
  paths  = ["kms_master_key_id", "kms_key_id", "key_id"]
  when   = isset(after)
  risk   = "interruption"
  en     = "{before} → {after}: senders and readers that may not use the new key are refused"
  ja     = "{before} → {after}: 新しい鍵を使う権限がない送信側や読み取り側は拒否されます"
  source = "A SNS and SQS guides, key policies for AWS services; A Secrets Manager API UpdateSecret"
}

rule "aws_secretsmanager_secret_version" "create_current" {
  on     = ["create"]
  when   = known(new("secret_id"))
  risk   = "interruption"
  en     = "the value becomes the current one of a secret that exists: readers get another one than before"
  ja     = "すでにあるシークレットの現在の値になります。読み取り側が得る値が変わります"
  source = "A Secrets Manager API PutSecretValue: AWSCURRENT moves to it"
}

rule "aws_ssm_parameter" "create_overwrites" {
  on     = ["create"]
  when   = isset(new("overwrite"))
  risk   = "interruption"
  en     = "{new.name} can exist already and is overwritten: readers get another value than before"
  ja     = "{new.name} がすでにあれば上書きされ、読み取り側が得る値が変わります"
  source = "A SSM API PutParameter, Overwrite"
}

rule "aws_efs_backup_policy" "create_off" {
  on     = ["create"]
  when   = known(new("file_system_id")) && new("backup_policy.0.status") != "ENABLED"
  risk   = "loss"
  guard  = true
  en     = "automatic backups of the file system are turned off"
  ja     = "ファイルシステムの自動バックアップを無効にします"
  source = "A EFS API PutBackupPolicy"
}

rule "aws_s3_bucket_policy" "undenies" {
  types  = ["aws_s3_bucket", "aws_backup_vault_policy", "aws_ecr_repository_policy", "aws_efs_file_system_policy", "aws_kms_key", "aws_kms_key_policy", "aws_secretsmanager_secret", "aws_secretsmanager_secret_policy", "aws_dynamodb_resource_policy", "aws_organizations_policy"]
  paths  = ["policy", "content"]
  when   = denies(after, before)
  risk   = "interruption"
  guard  = true
  en     = "a Deny goes: what it refused, such as to delete what is in it, can be allowed"
  ja     = "Deny がなくなります。中身の削除など、これまで拒否していた操作が許可されることがあります"
  source = "A IAM guide, policy evaluation"
}
