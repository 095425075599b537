# Attributes that AWS changes in place without an interruption, for types that hold data or
# carry traffic, and for others that were read. A path covers all that is below it. A rule
# goes before.

harmless "aws_*" "everywhere" {
  paths  = ["tags", "tags_all", "description", "timeouts", "comment", "id"]
  source = "A Resource Groups Tagging API; a description is read by people only; timeouts are Terraform's"
}

harmless "aws_db_instance" "in_place" {
  types  = ["aws_rds_cluster", "aws_rds_cluster_instance"]
  paths  = ["apply_immediately", "auto_minor_version_upgrade", "backup_window", "preferred_backup_window", "copy_tags_to_snapshot", "enabled_cloudwatch_logs_exports", "final_snapshot_identifier", "maintenance_window", "preferred_maintenance_window", "max_allocated_storage", "manage_master_user_password", "master_user_secret_kms_key_id", "master_password", "master_password_wo_version", "password", "password_wo", "password_wo_version", "monitoring_interval", "monitoring_role_arn", "parameter_group_name", "db_parameter_group_name", "performance_insights_enabled", "performance_insights_kms_key_id", "performance_insights_retention_period", "vpc_security_group_ids", "iops", "storage_throughput", "allow_major_version_upgrade", "blue_green_update", "database_insights_mode", "engine_lifecycle_support", "promotion_tier", "snapshot_identifier", "scaling_configuration"]
  source = "A RDS API ModifyDBInstance: no outage, applied asynchronously; S the rest is Terraform's own or only replaces"
}

harmless "aws_db_parameter_group" "parameter" {
  types  = ["aws_rds_cluster_parameter_group", "aws_db_option_group"]
  paths  = ["parameter", "option"]
  source = "A ModifyDBParameterGroup: dynamic parameters at once, static ones after a restart"
}

harmless "aws_lb" "in_place" {
  paths  = ["access_logs", "connection_logs", "health_check_logs", "security_groups", "enable_http2", "enable_waf_fail_open", "enable_zonal_shift", "enable_tls_version_and_cipher_suite_headers", "enable_xff_client_port", "minimum_load_balancer_capacity", "dns_record_client_routing_policy"]
  source = "A ELB API ModifyLoadBalancerAttributes, SetSecurityGroups"
}

harmless "aws_lb_listener" "in_place" {
  paths  = ["certificate_arn", "routing_http_*"]
  source = "A ELB API ModifyListener: new connections use the new certificate and policy"
}

harmless "aws_lb_target_group" "in_place" {
  paths  = ["lambda_multi_value_headers_enabled", "load_balancing_anomaly_mitigation"]
  source = "A ELB API ModifyTargetGroupAttributes"
}

harmless "aws_autoscaling_group" "in_place" {
  paths  = ["capacity_rebalance", "default_cooldown", "default_instance_warmup", "enabled_metrics", "instance_maintenance_policy", "instance_refresh", "max_instance_lifetime", "metrics_granularity", "service_linked_role_arn", "tag", "termination_policies", "wait_for_capacity_timeout", "wait_for_elb_capacity", "min_elb_capacity", "ignore_failed_scaling_activities", "force_delete_warm_pool", "warm_pool", "desired_capacity_type", "initial_lifecycle_hook", "placement_group", "availability_zone_distribution"]
  source = "A Auto Scaling API UpdateAutoScalingGroup: for what starts from now on; S the rest is Terraform's own"
}

harmless "aws_instance" "in_place" {
  paths  = ["vpc_security_group_ids", "security_groups", "iam_instance_profile", "monitoring", "source_dest_check", "credit_specification", "metadata_options", "maintenance_options", "volume_tags", "user_data_replace_on_change", "root_block_device.*.tags", "root_block_device.*.volume_size", "root_block_device.*.volume_type", "root_block_device.*.iops", "root_block_device.*.throughput", "instance_initiated_shutdown_behavior", "private_dns_name_options"]
  source = "A EC2 API ModifyInstanceAttribute, ModifyInstanceMetadataOptions, ModifyVolume: without a stop"
}

harmless "aws_ebs_volume" "in_place" {
  paths  = ["type", "iops", "throughput"]
  source = "A EC2 API ModifyVolume: without detaching"
}

harmless "aws_ecs_service" "in_place" {
  paths  = ["task_definition", "enable_ecs_managed_tags", "propagate_tags", "enable_execute_command", "deployment_circuit_breaker", "deployment_maximum_percent", "deployment_configuration", "force_new_deployment", "health_check_grace_period_seconds", "wait_for_steady_state", "alarms", "ordered_placement_strategy", "placement_constraints", "availability_zone_rebalancing", "triggers"]
  source = "A ECS API UpdateService: a rolling deployment keeps the minimum healthy percent"
}

harmless "aws_ecs_cluster" "in_place" {
  paths  = ["setting", "configuration", "service_connect_defaults"]
  source = "A ECS API UpdateCluster"
}

harmless "aws_lambda_function" "in_place" {
  paths  = ["architectures", "code_sha256", "code_signing_config_arn", "dead_letter_config", "durable_config", "environment", "ephemeral_storage", "file_system_config", "filename", "handler", "image_config", "image_uri", "kms_key_arn", "last_modified", "layers", "logging_config", "publish", "publish_to", "replace_security_groups_on_destroy", "role", "runtime", "s3_bucket", "s3_key", "s3_object_version", "skip_destroy", "snap_start", "source_code_hash", "source_kms_key_arn", "tracing_config", "vpc_config"]
  source = "A Lambda API UpdateFunctionCode, UpdateFunctionConfiguration: calls go on"
}

harmless "aws_api_gateway_stage" "in_place" {
  types  = ["aws_apigatewayv2_stage"]
  paths  = ["deployment_id", "access_log_settings", "xray_tracing_enabled", "auto_deploy", "documentation_version", "default_route_settings", "route_settings"]
  source = "A API Gateway API UpdateStage: a deployment is the routine change of a stage"
}

harmless "aws_api_gateway_rest_api" "in_place" {
  types  = ["aws_apigatewayv2_api"]
  paths  = ["name", "version", "minimum_compression_size", "binary_media_types", "policy", "fail_on_warnings"]
  source = "A API Gateway API UpdateRestApi: in force with the next deployment"
}

harmless "aws_api_gateway_method_settings" "in_place" {
  paths  = ["settings"]
  source = "A API Gateway API UpdateStage, method settings"
}

harmless "aws_api_gateway_integration" "in_place" {
  types  = ["aws_api_gateway_method", "aws_apigatewayv2_integration", "aws_apigatewayv2_route"]
  paths  = ["cache_key_parameters", "cache_namespace", "operation_name"]
  source = "A API Gateway API UpdateIntegration"
}

harmless "aws_globalaccelerator_accelerator" "in_place" {
  paths  = ["name", "attributes"]
  source = "A Global Accelerator API UpdateAccelerator, UpdateAcceleratorAttributes: flow logs"
}

harmless "aws_s3_bucket" "settings" {
  paths  = ["bucket_namespace"]
  source = "A S3 API: settings of a bucket, without an effect on objects"
}

harmless "aws_s3_bucket_*" "settings" {
  paths  = ["rule", "policy", "versioning_configuration", "target_bucket", "target_prefix", "target_grant", "target_object_key_format", "block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets", "role", "transition_default_minimum_object_size", "token", "mfa"]
  source = "A S3 API: settings of a bucket; rules about what is lost go before"
}

harmless "aws_efs_file_system" "in_place" {
  paths  = ["lifecycle_policy", "size_in_bytes", "number_of_mount_targets"]
  source = "A EFS API PutLifecycleConfiguration"
}

harmless "aws_efs_*_policy" "policy" {
  paths  = ["policy", "backup_policy", "bypass_policy_lockout_safety_check"]
  source = "A EFS API PutFileSystemPolicy, PutBackupPolicy"
}

harmless "aws_dynamodb_table" "in_place" {
  paths  = ["attribute", "server_side_encryption", "table_class", "stream_view_type", "warm_throughput", "point_in_time_recovery", "ttl", "restore_*"]
  source = "A DynamoDB API UpdateTable: the table stays in use"
}

harmless "aws_kms_key" "in_place" {
  types  = ["aws_kms_external_key", "aws_kms_replica_key"]
  paths  = ["policy", "bypass_policy_lockout_safety_check", "rotation_period_in_days"]
  source = "A KMS API PutKeyPolicy, EnableKeyRotation"
}

harmless "aws_secretsmanager_secret" "in_place" {
  paths  = ["kms_key_id", "policy", "force_overwrite_replica_secret", "version_stages"]
  source = "A Secrets Manager API UpdateSecret: new versions use the key"
}

harmless "aws_ssm_parameter" "in_place" {
  paths  = ["tier", "allowed_pattern", "data_type", "key_id", "overwrite", "version"]
  source = "A SSM API PutParameter"
}

harmless "aws_backup_vault" "in_place" {
  paths  = ["force_destroy"]
  source = "D backup_vault: the way back is a rule"
}

harmless "aws_backup_plan" "in_place" {
  paths  = ["rule", "advanced_backup_setting", "name", "scan_setting"]
  source = "A Backup API UpdateBackupPlan: for backups from now on"
}

harmless "aws_ecr_repository" "in_place" {
  paths  = ["image_tag_mutability", "image_scanning_configuration", "image_tag_mutability_exclusion_filter"]
  source = "A ECR API PutImageTagMutability, PutImageScanningConfiguration"
}

harmless "aws_cloudwatch_log_group" "in_place" {
  paths  = ["kms_key_id", "log_group_class"]
  source = "A CloudWatch Logs API AssociateKmsKey: for logs from now on"
}

harmless "aws_sqs_queue" "in_place" {
  paths  = ["kms_master_key_id", "kms_data_key_reuse_period_seconds", "sqs_managed_sse_enabled", "policy"]
  source = "A SQS API SetQueueAttributes"
}

harmless "aws_vpc" "in_place" {
  types  = ["aws_default_vpc"]
  paths  = ["enable_network_address_usage_metrics", "assign_generated_ipv6_cidr_block", "ipv6_*", "instance_tenancy"]
  source = "A EC2 API ModifyVpcAttribute, AssociateVpcCidrBlock"
}

harmless "aws_subnet" "in_place" {
  paths  = ["private_dns_hostname_type_on_launch", "enable_resource_name_dns_*", "enable_lni_at_device_index", "ipv6_cidr_block"]
  source = "A EC2 API ModifySubnetAttribute: for what starts from now on"
}

harmless "aws_security_group" "in_place" {
  paths  = ["revoke_rules_on_delete"]
  source = "D security_group"
}

harmless "aws_vpc_security_group_*_rule" "values" {
  types  = ["aws_security_group_rule"]
  paths  = ["cidr_ipv4", "cidr_ipv6", "from_port", "to_port", "ip_protocol", "prefix_list_id", "referenced_security_group_id"]
  source = "S ec2/vpc_security_group_ingress_rule.go: ModifySecurityGroupRules"
}

harmless "aws_vpc_endpoint" "in_place" {
  paths  = ["auto_accept", "dns_options"]
  source = "A EC2 API ModifyVpcEndpoint"
}

harmless "aws_ec2_transit_gateway*" "in_place" {
  paths  = ["auto_accept_shared_attachments", "dns_support", "ipv6_support"]
  source = "A EC2 API ModifyTransitGateway, ModifyTransitGatewayVpcAttachment"
}

harmless "aws_dx_*" "in_place" {
  paths  = ["name", "proposal_id", "skip_destroy", "force_destroy"]
  source = "A Direct Connect API UpdateVirtualInterfaceAttributes, UpdateConnection, UpdateDirectConnectGateway"
}

harmless "aws_route53_record" "in_place" {
  paths  = ["ttl", "allow_overwrite"]
  source = "A Route 53 API ChangeResourceRecordSets: the answer stays"
}

harmless "aws_route53_*" "names" {
  paths  = ["name"]
  source = "A Route 53 Resolver API: a name for people, where it is no ForceNew"
}

harmless "aws_route53_zone" "in_place" {
  paths  = ["comment"]
  source = "A Route 53 API UpdateHostedZoneComment"
}

harmless "aws_iam_*" "in_place" {
  paths  = ["policy", "assume_role_policy", "max_session_duration", "permissions_boundary", "inline_policy", "managed_policy_arns", "force_detach_policies", "role"]
  source = "A IAM API: in force within seconds, for callers from then on"
}

harmless "aws_cloudwatch_*" "in_place" {
  paths  = ["dashboard_body", "actions_enabled", "alarm_actions", "alarm_description", "comparison_operator", "datapoints_to_alarm", "dimensions", "evaluate_low_sample_count_percentiles", "evaluation_periods", "extended_statistic", "insufficient_data_actions", "metric_name", "metric_query", "namespace", "ok_actions", "period", "statistic", "threshold", "threshold_metric_id", "treat_missing_data", "unit"]
  source = "A CloudWatch API PutMetricAlarm, PutDashboard"
}

harmless "aws_codebuild_project" "in_place" {
  paths  = ["artifacts", "badge_enabled", "cache", "encryption_key", "environment", "logs_config", "service_role", "source", "source_version", "vpc_config", "build_batch_config", "secondary_*", "file_system_locations", "auto_retry_limit"]
  source = "A CodeBuild API UpdateProject: for builds from now on"
}

harmless "aws_launch_template" "in_place" {
  paths  = ["block_device_mappings", "capacity_reservation_specification", "cpu_options", "credit_specification", "default_version", "disable_api_*", "ebs_optimized", "enclave_options", "hibernation_options", "iam_instance_profile", "image_id", "instance_*", "kernel_id", "key_name", "license_specification", "maintenance_options", "metadata_options", "monitoring", "network_interfaces", "placement", "private_dns_name_options", "ram_disk_id", "security_group_names", "tag_specifications", "update_default_version", "user_data", "vpc_security_group_ids"]
  source = "A EC2 API CreateLaunchTemplateVersion: what runs stays as it is"
}

harmless "aws_autoscaling_*" "in_place" {
  paths  = ["autoscaling_group_name", "default_result", "heartbeat_timeout", "lifecycle_transition", "notification_metadata", "notification_target_arn", "role_arn", "policy_type", "target_tracking_configuration", "step_adjustment", "adjustment_type", "cooldown", "estimated_instance_warmup", "metric_aggregation_type", "predictive_scaling_configuration", "scaling_adjustment", "min_adjustment_magnitude", "enabled"]
  source = "A Auto Scaling API PutScalingPolicy, PutLifecycleHook: for scaling from now on"
}

harmless "aws_scheduler_schedule" "in_place" {
  paths  = ["flexible_time_window", "schedule_expression", "schedule_expression_timezone", "start_date", "end_date", "target", "kms_key_arn", "action_after_completion"]
  source = "A EventBridge Scheduler API UpdateSchedule: from the next time on"
}

harmless "aws_sns_topic*" "in_place" {
  paths  = ["kms_master_key_id", "policy", "display_name", "delivery_policy", "redrive_policy", "endpoint", "confirmation_timeout_in_minutes", "*_feedback_*", "signature_version", "tracing_config", "subscription_role_arn", "archive_policy"]
  source = "A SNS API SetTopicAttributes, SetSubscriptionAttributes"
}

harmless "aws_ecr_lifecycle_policy" "in_place" {
  paths  = ["policy"]
  source = "S ecr/lifecycle_policy.go: only replaces"
}

harmless "aws_acm_certificate" "in_place" {
  paths  = ["options", "early_renewal_duration", "certificate_body", "certificate_chain", "private_key"]
  source = "A ACM API UpdateCertificateOptions, ImportCertificate: the ARN stays"
}

harmless "aws_api_gateway_account" "in_place" {
  paths  = ["cloudwatch_role_arn", "reset_on_delete"]
  source = "A API Gateway API UpdateAccount: the role that writes logs"
}
harmless "aws_api_gateway_rest_api_policy" "in_place" {
  paths  = ["policy"]
  source = "A API Gateway guide: in force with the next deployment"
}
