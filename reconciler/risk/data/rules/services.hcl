# APIs, roles, alarms, topics, builds.

rule "aws_api_gateway_rest_api" "endpoint_configuration" {
  paths  = ["endpoint_configuration", "disable_execute_api_endpoint", "body", "put_rest_api_mode", "api_key_source"]
  risk   = "interruption"
  en     = "{path} changes: callers of the URL can be refused"
  ja     = "{path} が変わります。URL の呼び出し元が拒否されることがあります"
  source = "A API Gateway API UpdateRestApi"
}

rule "aws_apigatewayv2_api" "endpoint" {
  paths  = ["disable_execute_api_endpoint", "body", "route_selection_expression", "cors_configuration", "ip_address_type"]
  risk   = "interruption"
  en     = "{path} changes: callers of the URL can be refused"
  ja     = "{path} が変わります。URL の呼び出し元が拒否されることがあります"
  source = "A API Gateway v2 API UpdateApi"
}

rule "aws_api_gateway_stage" "serving" {
  types  = ["aws_apigatewayv2_stage"]
  paths  = ["variables", "stage_variables", "client_certificate_id", "canary_settings", "cache_cluster_enabled", "cache_cluster_size"]
  risk   = "interruption"
  en     = "{path}: {before} → {after} changes how the stage answers"
  ja     = "{path}: {before} → {after} により、ステージの応答が変わります"
  source = "A API Gateway API UpdateStage"
}

rule "aws_api_gateway_method" "authorization" {
  types  = ["aws_apigatewayv2_route"]
  paths  = ["authorization", "authorizer_id", "authorization_type", "authorization_scopes", "api_key_required", "request_parameters", "request_validator_id", "request_models"]
  risk   = "interruption"
  en     = "{path}: {before} → {after}: callers can be refused, or admitted"
  ja     = "{path}: {before} → {after}: 呼び出し元が拒否または許可されるようになります"
  source = "A API Gateway API UpdateMethod"
}

rule "aws_api_gateway_integration" "target" {
  types  = ["aws_apigatewayv2_integration", "aws_apigatewayv2_route"]
  paths  = ["uri", "integration_uri", "target", "route_key", "connection_id", "integration_method", "payload_format_version", "request_templates", "timeout_milliseconds"]
  risk   = "interruption"
  en     = "calls go elsewhere, or in another form: {path}: {before} → {after}"
  ja     = "呼び出しの行き先か形が変わります。{path}: {before} → {after}"
  source = "A API Gateway API UpdateIntegration"
}

rule "aws_api_gateway_resource" "path" {
  paths  = ["path_part", "parent_id"]
  risk   = "interruption"
  en     = "{before} → {after}: the path of the URL changes with the next deployment"
  ja     = "{before} → {after}: 次のデプロイで URL のパスが変わります"
  source = "A API Gateway API UpdateResource"
}

rule "aws_api_gateway_method_settings" "throttling" {
  types  = ["aws_apigatewayv2_stage"]
  paths  = ["settings.*.throttling_rate_limit", "settings.*.throttling_burst_limit", "default_route_settings.*.throttling_rate_limit", "default_route_settings.*.throttling_burst_limit"]
  when   = num(after, -1) >= 0 && (num(before, -1) < 0 || num(after, 0) < num(before, 0))
  risk   = "interruption"
  en     = "{path}: {before} → {after}: calls beyond it are refused"
  ja     = "{path}: {before} → {after}: これを超える呼び出しは拒否されます"
  source = "A API Gateway guide, throttling"
}

rule "aws_iam_role" "assume_role_policy" {
  when   = denies(before, after)
  risk   = "interruption"
  en     = "a new Deny limits who may take the role: callers can be refused, reconcile too"
  ja     = "新しい Deny により、ロールを引き受けられる対象が減ります。呼び出し元（reconcile を含む）が拒否されることがあります"
  source = "A IAM API UpdateAssumeRolePolicy"
}

rule "aws_iam_policy" "policy" {
  types  = ["aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy", "aws_iam_role", "aws_organizations_policy"]
  paths  = ["policy", "inline_policy", "content"]
  when   = denies(before, after)
  risk   = "interruption"
  en     = "the policy has a new Deny: what has it can be refused"
  ja     = "ポリシーに新しい Deny が加わります。これを使う側が拒否されることがあります"
  source = "A IAM guide, policy evaluation"
}

rule "aws_iam_policy" "withdraws" {
  types  = ["aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy", "aws_iam_role", "aws_organizations_policy"]
  paths  = ["policy", "inline_policy", "assume_role_policy", "content"]
  when   = withdraws(before, after)
  risk   = "interruption"
  en     = "{path} does not allow all that it did: what needs the rest is refused"
  ja     = "{path} で許可される操作が減ります。減った分を使う側は拒否されます"
  source = "A IAM guide, policy evaluation: what no statement allows is denied"
}

rule "aws_iam_role_policy" "create_denies" {
  types  = ["aws_iam_user_policy", "aws_iam_group_policy"]
  on     = ["create"]
  when   = known(new("policy")) && denies("", new("policy"))
  risk   = "interruption"
  en     = "the new policy has a Deny: what has it can be refused"
  ja     = "新しいポリシーに Deny があります。これを使う側が拒否されることがあります"
  source = "A IAM guide, policy evaluation"
}

rule "aws_iam_role_policy_attachment" "denies" {
  types  = ["aws_iam_user_policy_attachment", "aws_iam_group_policy_attachment"]
  on     = ["create"]
  when   = known(new("policy_arn")) && (new("policy_arn") == "arn:aws:iam::aws:policy/AWSDenyAll" || new("policy_arn") == "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3")
  risk   = "interruption"
  en     = "{new.policy_arn} denies: what has it is refused"
  ja     = "{new.policy_arn} は拒否するポリシーです。これを使う側は拒否されます"
  source = "A AWS managed policy reference, AWSDenyAll and AWSCompromisedKeyQuarantineV3"
}

rule "aws_organizations_policy_attachment" "limits" {
  on     = ["create"]
  risk   = "interruption"
  en     = "another policy of the organization is in force for {new.target_id}: what it does not allow is refused in its accounts"
  ja     = "{new.target_id} に組織のポリシーが適用されます。許可されない操作は、そのアカウントで拒否されます"
  source = "A Organizations guide, service control policies"
}

rule "aws_iam_role" "managed_policy_arns" {
  when   = removes(before, after)
  risk   = "interruption"
  en     = "policies are detached from the role: what only they allow is refused"
  ja     = "ロールからポリシーを外します。それだけが許可していた操作は拒否されます"
  source = "A IAM API DetachRolePolicy"
}

rule "aws_cloudtrail" "enable_logging" {
  when   = isset(before) && !isset(after)
  risk   = "loss"
  guard  = true
  en     = "the trail stops: what happens from now on is recorded nowhere"
  ja     = "証跡が止まります。以後の操作はどこにも記録されません"
  source = "A CloudTrail API StopLogging"
}

rule "aws_ssm_association" "runs" {
  on     = ["create", "update"]
  paths  = ["parameters", "targets", "document_version", "schedule_expression", "apply_only_at_cron_interval", "max_concurrency", "max_errors"]
  risk   = "interruption"
  en     = "runs {new.name} on its targets at once; what it does cannot be read from the plan"
  ja     = "対象ですぐに {new.name} を実行します。その内容はプランからは読み取れません"
  source = "A Systems Manager guide, State Manager: runs when it is created"
}

rule "aws_dms_replication_task" "create_starts" {
  on     = ["create", "update"]
  paths  = ["start_replication_task", "table_mappings", "replication_task_settings", "cdc_start_position", "cdc_start_time"]
  when   = isset(new("start_replication_task"))
  risk   = "interruption"
  en     = "starts to write into the target's tables at once; by its settings it drops those that exist"
  ja     = "すぐに移行先のテーブルへの書き込みを始めます。設定によっては既存のテーブルを削除します"
  source = "D dms_replication_task, start_replication_task; A DMS guide, target table preparation mode"
}

rule "aws_ses_active_receipt_rule_set" "takes_over" {
  on     = ["create"]
  risk   = "interruption"
  en     = "the rule set {new.rule_set_name} is in force in the place of the present one: mail is received by other rules"
  ja     = "今のルールセットに代わって {new.rule_set_name} が有効になります。メールの受信ルールが変わります"
  source = "A SES API SetActiveReceiptRuleSet"
}

rule "aws_wafv2_web_acl_association" "filters" {
  on     = ["create"]
  risk   = "interruption"
  en     = "requests pass the web ACL's rules from now on: it can refuse them"
  ja     = "リクエストに Web ACL のルールが適用され、拒否されることがあります"
  source = "A WAF API AssociateWebACL"
}

rule "aws_iam_role" "permissions_boundary" {
  types  = ["aws_iam_user"]
  when   = isset(after)
  risk   = "interruption"
  en     = "another boundary limits the role: {before} → {after}; what it leaves out is refused"
  ja     = "ロールの上限が変わります（{before} → {after}）。外れた操作は拒否されます"
  source = "A IAM guide, permissions boundaries"
}

rule "aws_iam_role" "max_session_duration" {
  when   = num(after, 3600) < num(before, 3600)
  risk   = "interruption"
  en     = "{before} → {after} seconds: callers that ask for longer sessions are refused"
  ja     = "{before} → {after} 秒: これより長いセッションの要求は拒否されます"
  source = "A IAM API UpdateRole, MaxSessionDuration"
}

rule "aws_iam_role_policy_attachments_exclusive" "adopts" {
  types  = ["aws_iam_role_policies_exclusive", "aws_iam_user_policies_exclusive", "aws_iam_user_policy_attachments_exclusive", "aws_iam_group_policies_exclusive", "aws_iam_group_policy_attachments_exclusive", "aws_iam_policy_attachment", "aws_ssoadmin_*_exclusive"]
  on     = ["create", "update"]
  paths  = ["policy_arns", "policy_names", "roles", "users", "groups"]
  risk   = "interruption"
  en     = "takes away all that is attached and not in the code: what has it can be refused"
  ja     = "コードにないアタッチをすべて外します。これを使う側が拒否されることがあります"
  source = "D iam_role_policy_attachments_exclusive, iam_policy_attachment"
}

rule "aws_iam_instance_profile" "role" {
  risk   = "interruption"
  en     = "servers with this profile act as {after}, no longer as {before}"
  ja     = "このプロファイルのサーバーは {before} ではなく {after} として動きます"
  source = "A IAM API AddRoleToInstanceProfile"
}

rule "aws_iam_access_key" "status" {
  when   = after != "Active"
  risk   = "interruption"
  en     = "the access key is disabled: what uses it is refused"
  ja     = "アクセスキーを無効にします。使用している側は拒否されます"
  source = "A IAM API UpdateAccessKey"
}

rule "aws_cloudwatch_metric_alarm" "actions_enabled" {
  types  = ["aws_cloudwatch_composite_alarm"]
  when   = isset(before) && !isset(after)
  risk   = "interruption"
  guard  = true
  en     = "the alarm tells nobody any more"
  ja     = "アラームが誰にも通知しなくなります"
  source = "A CloudWatch API DisableAlarmActions"
}

rule "aws_cloudwatch_metric_alarm" "create_acts" {
  on     = ["create"]
  when   = acts(new("alarm_actions")) || acts(new("ok_actions")) || acts(new("insufficient_data_actions"))
  risk   = "interruption"
  en     = "the alarm stops, restarts or terminates servers by itself"
  ja     = "アラームがサーバーを自動で停止、再起動、終了します"
  source = "A CloudWatch guide, alarm actions of EC2"
}

rule "aws_sns_topic_subscription" "filter" {
  paths  = ["filter_policy", "filter_policy_scope", "raw_message_delivery"]
  risk   = "interruption"
  en     = "{path} changes: the subscriber gets other messages than before, or in another form"
  ja     = "{path} が変わります。購読先に届くメッセージか、その形が変わります"
  source = "A SNS API SetSubscriptionAttributes"
}

note "aws_sns_topic_subscription" "confirmation" {
  on     = ["create"]
  when   = new("protocol") == "email" || new("protocol") == "email-json"
  en     = "An e-mail address gets nothing until its owner confirms"
  ja     = "メールアドレスの場合、受信者が確認するまで何も届きません"
  source = "D sns_topic_subscription"
}

rule "aws_codebuild_project" "concurrent_build_limit" {
  paths  = ["concurrent_build_limit", "build_timeout", "queued_timeout"]
  when   = num(after, 0) > 0 && (num(before, 0) == 0 || num(after, 0) < num(before, 0))
  risk   = "interruption"
  en     = "{path}: {before} → {after}: builds that need more are refused or ended"
  ja     = "{path}: {before} → {after}: これより多く必要なビルドは拒否または中断されます"
  source = "A CodeBuild API UpdateProject"
}

rule "aws_cloudfront_distribution" "serving" {
  paths  = ["enabled", "origin", "default_cache_behavior", "ordered_cache_behavior", "aliases", "viewer_certificate", "restrictions", "web_acl_id", "default_root_object"]
  risk   = "interruption"
  en     = "{path} changes: viewers can get something else, or be refused"
  ja     = "{path} が変わります。閲覧者への応答が変わるか、拒否されることがあります"
  source = "A CloudFront API UpdateDistribution"
}

rule "aws_wafv2_web_acl" "rules" {
  paths  = ["rule", "default_action"]
  risk   = "interruption"
  en     = "{path} changes: other requests than before are blocked"
  ja     = "{path} が変わります。遮断されるリクエストが変わります"
  source = "A WAFV2 API UpdateWebACL"
}

rule "aws_elasticache_replication_group" "nodes" {
  types  = ["aws_elasticache_cluster"]
  paths  = ["node_type", "engine_version", "num_cache_nodes", "num_node_groups", "replicas_per_node_group", "number_cache_clusters", "num_cache_clusters", "transit_encryption_enabled", "auth_token"]
  risk   = "interruption"
  en     = "{path}: {before} → {after} replaces or restarts nodes: connections break, and a node's cache can be empty"
  ja     = "{path}: {before} → {after} ではノードの入れ替えか再起動が起こり、接続が切れ、キャッシュが空になることがあります"
  source = "A ElastiCache API ModifyReplicationGroup"
}

rule "aws_elasticache_replication_group" "snapshot_retention_limit" {
  types  = ["aws_elasticache_cluster"]
  when   = num(after, 0) < num(before, 0)
  risk   = "loss"
  guard  = true
  en     = "snapshots are kept for {after} days, no longer for {before}"
  ja     = "スナップショットの保持が {before} 日から {after} 日に短くなります"
  source = "A ElastiCache API ModifyReplicationGroup, SnapshotRetentionLimit"
}

rule "aws_eks_cluster" "version" {
  types  = ["aws_eks_node_group"]
  risk   = "interruption"
  en     = "{before} → {after} cannot be undone, and nodes are replaced one after another"
  ja     = "{before} → {after} は元に戻せません。ノードは順に入れ替わります"
  source = "A EKS API UpdateClusterVersion, UpdateNodegroupVersion"
}

rule "aws_eks_node_group" "scaling_config" {
  paths  = ["scaling_config.*.min_size", "scaling_config.*.max_size", "scaling_config.*.desired_size"]
  when   = num(after, 0) < num(before, 0)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: nodes are drained and terminated"
  ja     = "{path}: {before} → {after}: ノードから Pod を退避し、ノードを終了します"
  source = "A EKS API UpdateNodegroupConfig"
}

rule "aws_cloudwatch_metric_alarm" "tells_fewer" {
  types  = ["aws_cloudwatch_composite_alarm"]
  paths  = ["alarm_actions"]
  when   = removes(before, after)
  risk   = "interruption"
  guard  = true
  en     = "the alarm does not tell {before} any more"
  ja     = "アラームが {before} に通知しなくなります"
  source = "A CloudWatch API PutMetricAlarm, AlarmActions"
}

rule "aws_cloudwatch_metric_alarm" "acts" {
  paths  = ["alarm_actions", "ok_actions", "insufficient_data_actions"]
  when   = acts(after) && !acts(before)
  risk   = "interruption"
  en     = "{path}: the alarm stops, restarts or terminates servers by itself from now on"
  ja     = "{path}: 今後はアラームがサーバーを自動で停止、再起動、終了します"
  source = "A CloudWatch guide, alarm actions of EC2"
}
