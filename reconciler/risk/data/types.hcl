# Types whose end is worse than the action says. A type is in one list only.
# The marks of the sources are explained in actions.hcl.

# Types that hold data. Their destruction and their replacement are `loss`; a change in
# place that no rule knows is an `interruption`.
data = {
  aws_db_instance                = { en = "the database, with its automated backups", ja = "データベースと自動バックアップ", source = "D db_instance, delete_automated_backups" }
  aws_rds_cluster                = { en = "the database cluster, with its automated backups", ja = "データベースクラスターと自動バックアップ", source = "D rds_cluster, delete_automated_backups" }
  aws_efs_file_system            = { en = "the file system, with all its files", ja = "ファイルシステムとすべてのファイル", source = "A EFS API DeleteFileSystem" }
  aws_s3_bucket                  = { en = "the bucket, with its objects if force_destroy is set", ja = "バケット（force_destroy の場合は中のオブジェクトも）", source = "D s3_bucket, force_destroy" }
  aws_dynamodb_table             = { en = "the table, with all its items", ja = "テーブルとすべての項目", source = "A DynamoDB API DeleteTable" }
  aws_kms_key                    = { en = "the key, and with it all that is encrypted under it", ja = "鍵と、その鍵で暗号化されたすべてのデータ", source = "A KMS API ScheduleKeyDeletion" }
  aws_secretsmanager_secret      = { en = "the secret, with its values", ja = "シークレットとその値", source = "D secretsmanager_secret, recovery_window_in_days" }
  aws_backup_vault               = { en = "the backup vault, with its recovery points if force_destroy is set", ja = "バックアップボールト（force_destroy の場合は中の復旧ポイントも）", source = "D backup_vault, force_destroy" }
  aws_ecr_repository             = { en = "the repository, with its images if force_delete is set", ja = "リポジトリ（force_delete の場合は中のイメージも）", source = "D ecr_repository, force_delete" }
  aws_cloudwatch_log_group       = { en = "the log group, with its logs", ja = "ロググループとそのログ", source = "D cloudwatch_log_group, skip_destroy" }
  aws_instance                   = { en = "the server, with its instance store, and with its root disk unless that is kept", ja = "サーバーとインスタンスストア（残す設定がなければルートディスクも）", source = "D instance, root_block_device delete_on_termination" }
  aws_ebs_volume                 = { en = "the volume, with its data", ja = "ボリュームとそのデータ", source = "A EC2 API DeleteVolume" }
}

# Types that hold an identity which others know and AWS never gives out again.
identity = {
  aws_eip                           = { en = "the fixed address", ja = "固定アドレス", source = "A EC2 API ReleaseAddress" }
  aws_globalaccelerator_accelerator = { en = "the accelerator, with its fixed addresses", ja = "アクセラレーターとその固定アドレス", source = "A Global Accelerator API DeleteAccelerator" }
  aws_dx_connection                 = { en = "the Direct Connect connection, which takes weeks to order", ja = "Direct Connect 接続（発注し直すと数週間かかります）", source = "X aws_dx_connection: LOA and cross-connect" }
  aws_api_gateway_rest_api          = { en = "the API, with its URL", ja = "API とその URL", source = "X the id is part of the URL" }
  aws_apigatewayv2_api              = { en = "the API, with its URL", ja = "API とその URL", source = "X the id is part of the URL" }
}

# Types that carry traffic. A change in place that no rule knows is an `interruption`.
traffic = {
  aws_lb                              = { en = "the traffic through the load balancer", ja = "ロードバランサーを通る通信", source = "A ELB API DeleteLoadBalancer" }
  aws_lb_listener                     = { en = "the traffic of the listener's port", ja = "リスナーのポートの通信", source = "A ELB API DeleteListener" }
  aws_lb_target_group                 = { en = "the traffic to the group's targets", ja = "ターゲットグループへの通信", source = "A ELB API DeleteTargetGroup" }
  aws_autoscaling_group               = { en = "the service of the group's servers", ja = "グループのサーバーの稼働", source = "A Auto Scaling API DeleteAutoScalingGroup" }
  aws_globalaccelerator_endpoint_group = { en = "the traffic to the group's endpoints", ja = "エンドポイントグループへの通信", source = "A Global Accelerator API DeleteEndpointGroup" }
  aws_route                           = { en = "the traffic to the route's destination", ja = "ルートの宛先への通信", source = "A EC2 API DeleteRoute" }
}

# Types whose replacement is their ordinary change. It is an `update`.
routine = {
  aws_ecs_task_definition        = "S ecs/task_definition.go: every argument is ForceNew"
  aws_api_gateway_deployment     = "D api_gateway_deployment, triggers"
  aws_lambda_layer_version       = "S lambda/layer_version.go: every argument is ForceNew"
  aws_lambda_permission          = "S lambda/permission.go: every argument is ForceNew"
  aws_backup_selection           = "S backup/selection.go: every argument is ForceNew"
  aws_iam_role_policy_attachment = "S iam/role_policy_attachment.go: every argument is ForceNew"
}

# Data sources that run code. One that is read during the apply asks, as a provisioner does.
programs = {
  external                   = { en = "a program", ja = "プログラム", source = "D hashicorp/external, data source external" }
  aws_lambda_invocation      = { en = "a Lambda function", ja = "Lambda 関数", source = "D lambda_invocation" }
}
