package settings

// refusedNames are data sources, functions and arguments by which a plan runs programs,
// connects to addresses chosen by the author, or shows secrets.
var refusedNames = []string{
	"external", "http", "dns_*", "tls_certificate",
	"aws_lambda_invocation", "aws_ecs_task_execution",
	// Credentials and secrets.
	"aws_secretsmanager_secret_version*", "aws_ssm_parameter*", "aws_kms_secret*", "aws_ivs_stream_key",
	"aws_ecr_authorization_token", "aws_ecrpublic_authorization_token", "aws_eks_cluster_auth", "aws_codeartifact_authorization_token",
	"aws_redshift_cluster_credentials", "aws_redshiftserverless_credentials", "aws_sts_web_identity_token", "aws_meta_credentials",
	"aws_api_gateway_api_key*", "aws_cognito_user_pool_client", "aws_dms_certificate", "aws_dms_endpoint", "aws_glue_connection",
	"aws_cognito_identity_openid_token_for_developer_identity", "aws_appstream_*_streaming_url",
	"aws_vpn_connection", // with the pre-shared keys
	"aws_datapipeline_pipeline_definition",
	// Content of any bucket, table or service, such as other states.
	"aws_s3_bucket_object", "aws_dynamodb_table_item*", "aws_dynamodb_table_query", "aws_dynamodb_table_scan", "aws_cloudcontrolapi_resource",
	"templatestring", // its template is a value, and may call file()
	// Settings of the AWS SDK in providers and backends: a file that they name may name a
	// program to run.
	"shared_config_files", "shared_credentials_files", "shared_credentials_file", "profile",
	// Settings that determine where requests go, or with which identity.
	"endpoint", "endpoints", "*_endpoint", "http_proxy", "https_proxy", "custom_ca_bundle", "assume_role*", "role_arn",
	"access_key", "secret_key", "token", "web_identity_token*", "insecure", "skip_*",
}

// ArgumentRule is a data source that is refused for one of its arguments.
type ArgumentRule struct {
	Kind, Argument string
	Required       bool // the argument must be there, and false
	Absent         bool // the argument must not be there; else it may be false
}

// ArgumentRules are the data sources that are refused for an argument.
var ArgumentRules = []ArgumentRule{
	{Kind: "aws_s3_object", Argument: "download_body", Required: true}, // else it shows any object
	{Kind: "aws_instance", Argument: "get_password_data"},
	{Kind: "aws_instance", Argument: "get_user_data"},
	{Kind: "aws_ip_ranges", Argument: "url", Absent: true}, // it is asked, wherever it is
}

// importedSecrets are resources that show a secret after an import, in addition to those of
// refused data sources: AWS returns it with the resource. It never returns the password of a
// database, so databases are not among them.
var importedSecrets = []string{
	"aws_amplify_app", "aws_amplify_branch", "aws_cloudwatch_event_connection", "aws_glue_job", "aws_appconfig_hosted_configuration_version", "aws_appsync_api_key", "aws_codebuild_webhook",
	"aws_codepipeline_webhook", "aws_cognito_identity_provider", "aws_cognito_managed_user_pool_client", "aws_directory_service_radius_settings",
	"aws_dx_bgp_peer", "aws_dx_*_virtual_interface", "aws_grafana_workspace_*", "aws_iam_access_key", "aws_iam_service_specific_credential", "aws_iam_user_login_profile",
	"aws_iot_certificate", "aws_mwaa_environment", "aws_opsworks_*", "aws_ssm_maintenance_window_task", "aws_wafv2_api_key",
}
