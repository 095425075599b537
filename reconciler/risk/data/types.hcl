# Types whose end is worse than the action says. A type is in one list only.
# The marks of the sources are explained in actions.hcl.

# Types that hold data. Their destruction and their replacement are `loss`; a change in
# place that no rule knows is an `interruption`.
data = {
  aws_ebs_snapshot_copy              = { en = "the snapshot", ja = "スナップショット", source = "A EC2 API DeleteSnapshot" }
  aws_db_snapshot_copy               = { en = "the snapshot", ja = "スナップショット", source = "A RDS API DeleteDBSnapshot" }
  aws_rds_cluster_snapshot_copy      = { en = "the snapshot", ja = "スナップショット", source = "A RDS API DeleteDBClusterSnapshot" }
  aws_redshift_cluster_snapshot      = { en = "the snapshot", ja = "スナップショット", source = "A Redshift API DeleteClusterSnapshot" }
  aws_ami_copy                       = { en = "the image of servers", ja = "サーバーのイメージ", source = "A EC2 API DeregisterImage" }
  aws_ami_from_instance              = { en = "the image of servers", ja = "サーバーのイメージ", source = "A EC2 API DeregisterImage" }
  aws_cognito_user                   = { en = "the user", ja = "ユーザー", source = "A Cognito API AdminDeleteUser" }
  aws_dsql_cluster                   = { en = "the database", ja = "データベース", source = "A Aurora DSQL API DeleteCluster" }
  aws_docdbelastic_cluster           = { en = "the document database", ja = "ドキュメントデータベース", source = "A DocumentDB Elastic API DeleteCluster" }
  aws_neptunegraph_graph             = { en = "the graph database", ja = "グラフデータベース", source = "A Neptune Analytics API DeleteGraph" }
  aws_timestreaminfluxdb_db_instance = { en = "the database", ja = "データベース", source = "A Timestream InfluxDB API DeleteDbInstance" }
  aws_opensearchserverless_collection = { en = "the collection, with its indexes", ja = "コレクションとそのインデックス", source = "A OpenSearch Serverless API DeleteCollection" }
  aws_qldb_ledger                    = { en = "the ledger", ja = "台帳", source = "A QLDB API DeleteLedger" }
  aws_glacier_vault                  = { en = "the vault", ja = "ボールト", source = "A Glacier API DeleteVault" }
  aws_s3_bucket_object               = { en = "the object", ja = "オブジェクト", source = "A S3 API DeleteObject" }
  aws_s3_object_copy                 = { en = "the object", ja = "オブジェクト", source = "A S3 API DeleteObject" }
  aws_s3tables_table_bucket          = { en = "the table bucket", ja = "テーブルバケット", source = "A S3 Tables API DeleteTableBucket" }
  aws_s3vectors_vector_bucket        = { en = "the vector bucket", ja = "ベクトルバケット", source = "A S3 Vectors API DeleteVectorBucket" }
  aws_fsx_backup                     = { en = "the backup", ja = "バックアップ", source = "A FSx API DeleteBackup" }
  aws_prometheus_workspace           = { en = "the workspace, with its metrics", ja = "ワークスペースとそのメトリクス", source = "A Managed Prometheus API DeleteWorkspace" }
  aws_codeartifact_repository        = { en = "the repository, with its packages", ja = "リポジトリとそのパッケージ", source = "A CodeArtifact API DeleteRepository" }
  aws_ecrpublic_repository           = { en = "the repository, with its images", ja = "リポジトリとそのイメージ", source = "A ECR Public API DeleteRepository" }
  aws_lightsail_disk                 = { en = "the disk", ja = "ディスク", source = "A Lightsail API DeleteDisk" }
  aws_lightsail_bucket               = { en = "the bucket, with its objects", ja = "バケットとそのオブジェクト", source = "A Lightsail API DeleteBucket" }
  aws_cloudhsm_v2_cluster            = { en = "the HSM cluster, with its keys", ja = "HSM クラスターとその鍵", source = "A CloudHSM API DeleteCluster" }
  aws_connect_instance               = { en = "the contact centre, with its settings and recordings", ja = "コンタクトセンターとその設定や録音", source = "A Connect API DeleteInstance" }
  aws_db_instance                    = { en = "the database, with its automated backups", ja = "データベースと自動バックアップ", source = "D db_instance, delete_automated_backups" }
  aws_rds_cluster                    = { en = "the database cluster, with its automated backups", ja = "データベースクラスターと自動バックアップ", source = "D rds_cluster, delete_automated_backups" }
  aws_rds_global_cluster             = { en = "the global database cluster", ja = "グローバルデータベースクラスター", source = "A RDS API DeleteGlobalCluster" }
  aws_db_snapshot                    = { en = "the snapshot", ja = "スナップショット", source = "A RDS API DeleteDBSnapshot" }
  aws_db_cluster_snapshot            = { en = "the snapshot", ja = "スナップショット", source = "A RDS API DeleteDBClusterSnapshot" }
  aws_docdb_cluster                  = { en = "the document database", ja = "ドキュメントデータベース", source = "A DocumentDB API DeleteDBCluster" }
  aws_neptune_cluster                = { en = "the graph database", ja = "グラフデータベース", source = "A Neptune API DeleteDBCluster" }
  aws_redshift_cluster               = { en = "the data warehouse", ja = "データウェアハウス", source = "A Redshift API DeleteCluster" }
  aws_redshiftserverless_namespace   = { en = "the data warehouse", ja = "データウェアハウス", source = "A Redshift Serverless API DeleteNamespace" }
  aws_elasticache_replication_group  = { en = "the cache, with what it stores", ja = "キャッシュとその内容", source = "A ElastiCache API DeleteReplicationGroup" }
  aws_elasticache_cluster            = { en = "the cache, with what it stores", ja = "キャッシュとその内容", source = "A ElastiCache API DeleteCacheCluster" }
  aws_elasticache_serverless_cache   = { en = "the cache, with what it stores", ja = "キャッシュとその内容", source = "A ElastiCache API DeleteServerlessCache" }
  aws_memorydb_cluster               = { en = "the in-memory database", ja = "インメモリデータベース", source = "A MemoryDB API DeleteCluster" }
  aws_opensearch_domain              = { en = "the search domain, with its indexes", ja = "検索ドメインとそのインデックス", source = "A OpenSearch API DeleteDomain" }
  aws_elasticsearch_domain           = { en = "the search domain, with its indexes", ja = "検索ドメインとそのインデックス", source = "A Elasticsearch API DeleteElasticsearchDomain" }
  aws_efs_file_system                = { en = "the file system, with all its files", ja = "ファイルシステムとすべてのファイル", source = "A EFS API DeleteFileSystem" }
  aws_fsx_lustre_file_system         = { en = "the file system, with all its files", ja = "ファイルシステムとすべてのファイル", source = "A FSx API DeleteFileSystem" }
  aws_fsx_windows_file_system        = { en = "the file system, with all its files", ja = "ファイルシステムとすべてのファイル", source = "A FSx API DeleteFileSystem" }
  aws_fsx_ontap_file_system          = { en = "the file system, with all its files", ja = "ファイルシステムとすべてのファイル", source = "A FSx API DeleteFileSystem" }
  aws_fsx_ontap_volume               = { en = "the volume, with all its files", ja = "ボリュームとすべてのファイル", source = "A FSx API DeleteVolume" }
  aws_fsx_openzfs_file_system        = { en = "the file system, with all its files", ja = "ファイルシステムとすべてのファイル", source = "A FSx API DeleteFileSystem" }
  aws_fsx_openzfs_volume             = { en = "the volume, with all its files", ja = "ボリュームとすべてのファイル", source = "A FSx API DeleteVolume" }
  aws_s3_bucket                      = { en = "the bucket, with its name, and with its objects if force_destroy is set", ja = "バケットとその名前（force_destroy の場合は中のオブジェクトも）", source = "D s3_bucket, force_destroy" }
  aws_s3_directory_bucket            = { en = "the bucket, with its objects if force_destroy is set", ja = "バケット（force_destroy の場合は中のオブジェクトも）", source = "D s3_directory_bucket" }
  aws_s3_object                      = { en = "the object", ja = "オブジェクト", source = "A S3 API DeleteObject" }
  aws_s3tables_table                 = { en = "the table, with its rows", ja = "テーブルとその行", source = "A S3 Tables API DeleteTable" }
  aws_dynamodb_table                 = { en = "the table, with all its items", ja = "テーブルとすべての項目", source = "A DynamoDB API DeleteTable" }
  aws_dynamodb_table_replica         = { en = "the replica of the table", ja = "テーブルのレプリカ", source = "A DynamoDB API UpdateTable" }
  aws_dynamodb_table_item            = { en = "the item", ja = "項目", source = "A DynamoDB API DeleteItem" }
  aws_keyspaces_table                = { en = "the table, with its rows", ja = "テーブルとその行", source = "A Keyspaces API DeleteTable" }
  aws_timestreamwrite_table          = { en = "the table, with its records", ja = "テーブルとそのレコード", source = "A Timestream API DeleteTable" }
  aws_kinesis_stream                 = { en = "the stream, with its records", ja = "ストリームとそのレコード", source = "A Kinesis API DeleteStream" }
  aws_msk_cluster                    = { en = "the Kafka cluster, with its topics", ja = "Kafka クラスターとそのトピック", source = "A MSK API DeleteCluster" }
  aws_mq_broker                      = { en = "the broker, with its messages", ja = "ブローカーとそのメッセージ", source = "A MQ API DeleteBroker" }
  aws_sqs_queue                      = { en = "the queue, with its messages", ja = "キューとそのメッセージ", source = "A SQS API DeleteQueue" }
  aws_kms_key                        = { en = "the key, and with it all that is encrypted under it", ja = "鍵と、その鍵で暗号化されたすべてのデータ", source = "A KMS API ScheduleKeyDeletion" }
  aws_kms_external_key               = { en = "the key, and with it all that is encrypted under it", ja = "鍵と、その鍵で暗号化されたすべてのデータ", source = "A KMS API ScheduleKeyDeletion" }
  aws_kms_replica_key                = { en = "the replica of the key", ja = "鍵のレプリカ", source = "A KMS API ScheduleKeyDeletion" }
  aws_secretsmanager_secret          = { en = "the secret, with its values", ja = "シークレットとその値", source = "D secretsmanager_secret, recovery_window_in_days" }
  aws_secretsmanager_secret_version  = { en = "the value of the secret", ja = "シークレットの値", source = "D secretsmanager_secret_version" }
  aws_ssm_parameter                  = { en = "the parameter, with its history", ja = "パラメータとその履歴", source = "A SSM API DeleteParameter" }
  aws_backup_vault                   = { en = "the backup vault, with its recovery points if force_destroy is set", ja = "バックアップボールト（force_destroy の場合は中の復旧ポイントも）", source = "D backup_vault, force_destroy" }
  aws_backup_logically_air_gapped_vault = { en = "the backup vault", ja = "バックアップボールト", source = "A Backup API DeleteBackupVault" }
  aws_ecr_repository                 = { en = "the repository, with its images if force_delete is set", ja = "リポジトリ（force_delete の場合は中のイメージも）", source = "D ecr_repository, force_delete" }
  aws_cloudwatch_log_group           = { en = "the log group, with its logs", ja = "ロググループとそのログ", source = "D cloudwatch_log_group, skip_destroy" }
  aws_cloudtrail_event_data_store    = { en = "the trail's events", ja = "証跡のイベント", source = "A CloudTrail API DeleteEventDataStore" }
  aws_instance                       = { en = "the server, with its instance store, and with its root disk unless that is kept", ja = "サーバーとインスタンスストア（残す設定がなければルートディスクも）", source = "D instance, root_block_device delete_on_termination" }
  aws_ebs_volume                     = { en = "the volume, with its data", ja = "ボリュームとそのデータ", source = "A EC2 API DeleteVolume" }
  aws_ebs_snapshot                   = { en = "the snapshot", ja = "スナップショット", source = "A EC2 API DeleteSnapshot" }
  aws_ami                            = { en = "the image of servers", ja = "サーバーのイメージ", source = "A EC2 API DeregisterImage" }
  aws_cognito_user_pool              = { en = "the user pool, with its users", ja = "ユーザープールとそのユーザー", source = "A Cognito API DeleteUserPool" }
  aws_directory_service_directory    = { en = "the directory, with its users", ja = "ディレクトリとそのユーザー", source = "A Directory Service API DeleteDirectory" }
  aws_codecommit_repository          = { en = "the repository, with its commits", ja = "リポジトリとそのコミット", source = "A CodeCommit API DeleteRepository" }
  aws_acmpca_certificate_authority   = { en = "the certificate authority, and with it trust in all it issued", ja = "認証局と、発行したすべての証明書の信頼", source = "A ACM PCA API DeleteCertificateAuthority" }
  aws_glue_catalog_database          = { en = "the catalogue's tables", ja = "カタログのテーブル", source = "A Glue API DeleteDatabase" }
  aws_cloudformation_stack           = { en = "the stack, with all that it made", ja = "スタックと、作成したすべてのリソース", source = "A CloudFormation API DeleteStack" }
  aws_workspaces_workspace           = { en = "the desktop, with its disks", ja = "デスクトップとそのディスク", source = "A WorkSpaces API TerminateWorkspaces" }
  aws_lightsail_instance             = { en = "the server, with its disk", ja = "サーバーとそのディスク", source = "A Lightsail API DeleteInstance" }
  aws_lightsail_database             = { en = "the database", ja = "データベース", source = "A Lightsail API DeleteRelationalDatabase" }
  aws_cloudformation_stack_set       = { en = "the stack set, with what its stacks made", ja = "スタックセットと、そのスタックが作ったもの", source = "A CloudFormation API DeleteStackSet" }
  aws_cloudformation_stack_instances = { en = "the stacks, with what they made", ja = "スタックと、それが作ったもの", source = "A CloudFormation API DeleteStackInstances" }
  aws_cloudformation_stack_set_instance = { en = "the stack, with what it made", ja = "スタックと、それが作ったもの", source = "A CloudFormation API DeleteStackInstances" }
  aws_cloudcontrolapi_resource       = { en = "a resource of any type, with what it holds", ja = "任意の種類のリソースとその内容", source = "A Cloud Control API DeleteResource" }
  aws_serverlessapplicationrepository_cloudformation_stack = { en = "the stack, with what it made", ja = "スタックと、それが作ったもの", source = "A CloudFormation API DeleteStack" }
  aws_servicecatalog_provisioned_product = { en = "the product, with what it made", ja = "製品と、それが作ったもの", source = "A Service Catalog API TerminateProvisionedProduct" }
  aws_dynamodb_global_table          = { en = "the replicas of the table", ja = "テーブルのレプリカ", source = "A DynamoDB API UpdateGlobalTable" }
  aws_emr_cluster                    = { en = "the cluster, with its disks", ja = "クラスターとそのディスク", source = "A EMR API TerminateJobFlows" }
}

# Types that hold an identity which others know and AWS never gives out again.
identity = {
  aws_cognito_user_pool_client       = { en = "the client id that applications have", ja = "アプリケーションが持つクライアント ID", source = "A Cognito API DeleteUserPoolClient" }
  aws_cognito_identity_pool          = { en = "the identities of the pool", ja = "プールの ID", source = "A Cognito API DeleteIdentityPool" }
  aws_lightsail_static_ip            = { en = "the fixed address", ja = "固定アドレス", source = "A Lightsail API ReleaseStaticIp" }
  aws_connect_phone_number           = { en = "the phone number", ja = "電話番号", source = "A Connect API ReleasePhoneNumber" }
  aws_appsync_api_key                = { en = "the API key that callers have", ja = "呼び出し元が持つ API キー", source = "A AppSync API DeleteApiKey" }
  aws_eip                            = { en = "the fixed address", ja = "固定アドレス", source = "A EC2 API ReleaseAddress" }
  aws_globalaccelerator_accelerator  = { en = "the accelerator, with its fixed addresses", ja = "アクセラレーターとその固定アドレス", source = "A Global Accelerator API DeleteAccelerator" }
  aws_globalaccelerator_custom_routing_accelerator = { en = "the accelerator, with its fixed addresses", ja = "アクセラレーターとその固定アドレス", source = "A Global Accelerator API DeleteCustomRoutingAccelerator" }
  aws_dx_connection                  = { en = "the Direct Connect connection, which takes weeks to order", ja = "Direct Connect 接続（発注し直すと数週間かかります）", source = "X LOA and cross-connect" }
  aws_dx_lag                         = { en = "the Direct Connect connections, which take weeks to order", ja = "Direct Connect 接続（発注し直すと数週間かかります）", source = "X LOA and cross-connect" }
  aws_dx_hosted_connection           = { en = "the Direct Connect connection of the other account", ja = "別アカウントの Direct Connect 接続", source = "X the other account has to accept it again" }
  aws_dx_gateway                     = { en = "the Direct Connect gateway, which other accounts name by its id", ja = "Direct Connect ゲートウェイ（別アカウントが ID で参照します）", source = "X associations and interfaces name it" }
  aws_vpn_connection                 = { en = "the VPN, with its addresses and keys, which the other side has to enter again", ja = "VPN とそのアドレスや鍵（相手側でも設定し直しになります）", source = "A EC2 API DeleteVpnConnection" }
  aws_route53_zone                   = { en = "the zone, with the name servers that its registrar names", ja = "ゾーンと、レジストラに登録されたネームサーバー", source = "A Route 53 guide: new name servers" }
  aws_route53domains_registered_domain = { en = "the domain", ja = "ドメイン", source = "A Route 53 Domains API" }
  aws_key_pair                       = { en = "the key pair that servers were started with", ja = "サーバーの起動に使ったキーペア", source = "A EC2 API DeleteKeyPair" }
  aws_api_gateway_rest_api           = { en = "the API, with its URL", ja = "API とその URL", source = "X the id is part of the URL" }
  aws_apigatewayv2_api               = { en = "the API, with its URL", ja = "API とその URL", source = "X the id is part of the URL" }
  aws_appsync_graphql_api            = { en = "the API, with its URL", ja = "API とその URL", source = "X the id is part of the URL" }
  aws_lambda_function_url            = { en = "the function's URL", ja = "関数の URL", source = "A Lambda guide: a URL is never used again" }
  aws_cloudfront_distribution        = { en = "the distribution, with its domain name", ja = "ディストリビューションとそのドメイン名", source = "A CloudFront API DeleteDistribution" }
  aws_vpc_endpoint_service           = { en = "the endpoint service, with the name that others connect to", ja = "エンドポイントサービスと、接続元が使う名前", source = "A EC2 API DeleteVpcEndpointServiceConfigurations" }
  aws_api_gateway_api_key            = { en = "the API key that callers have", ja = "呼び出し元が持つ API キー", source = "A API Gateway API DeleteApiKey" }
  aws_iam_access_key                 = { en = "the access key that somebody uses", ja = "使用中のアクセスキー", source = "A IAM API DeleteAccessKey" }
  aws_organizations_account          = { en = "the account", ja = "アカウント", source = "D organizations_account, close_on_deletion" }
  aws_eks_cluster                    = { en = "the cluster, with its endpoint and what it runs", ja = "クラスターとそのエンドポイント、稼働中のもの", source = "A EKS API DeleteCluster" }
}

# Types that carry traffic. A change in place that no rule knows is an `interruption`.
traffic = {
  aws_networkfirewall_firewall       = { en = "the traffic through the firewall", ja = "ファイアウォールを通る通信", source = "A Network Firewall API DeleteFirewall" }
  aws_networkfirewall_firewall_policy = { en = "the traffic through its firewalls", ja = "ファイアウォールを通る通信", source = "A Network Firewall API DeleteFirewallPolicy" }
  aws_networkfirewall_rule_group     = { en = "the traffic through its firewalls", ja = "ファイアウォールを通る通信", source = "A Network Firewall API DeleteRuleGroup" }
  aws_lb                                        = { en = "the traffic through the load balancer", ja = "ロードバランサーを通る通信", source = "A ELB API DeleteLoadBalancer" }
  aws_lb_listener                               = { en = "the traffic of the listener's port", ja = "リスナーのポートの通信", source = "A ELB API DeleteListener" }
  aws_lb_listener_rule                          = { en = "the traffic that the rule selects", ja = "ルールに一致する通信", source = "A ELB API DeleteRule" }
  aws_lb_target_group                           = { en = "the traffic to the group's targets", ja = "ターゲットグループへの通信", source = "A ELB API DeleteTargetGroup" }
  aws_lb_target_group_attachment                = { en = "the traffic to the target", ja = "ターゲットへの通信", source = "A ELB API DeregisterTargets" }
  aws_elb                                       = { en = "the traffic through the load balancer", ja = "ロードバランサーを通る通信", source = "A ELB API DeleteLoadBalancer" }
  aws_autoscaling_group                         = { en = "the service of the group's servers", ja = "グループのサーバーによるサービス", source = "A Auto Scaling API DeleteAutoScalingGroup" }
  aws_ecs_service                               = { en = "the service's tasks", ja = "サービスのタスク", source = "A ECS API DeleteService" }
  aws_ecs_cluster                               = { en = "the tasks of the cluster", ja = "クラスターのタスク", source = "A ECS API DeleteCluster" }
  aws_eks_node_group                            = { en = "what runs on the group's nodes", ja = "ノードグループ上の処理", source = "A EKS API DeleteNodegroup" }
  aws_rds_cluster_instance                      = { en = "the instance's connections", ja = "インスタンスへの接続", source = "A RDS API DeleteDBInstance" }
  aws_db_proxy                                  = { en = "connections through the proxy", ja = "プロキシを通る接続", source = "A RDS API DeleteDBProxy" }
  aws_lambda_function                           = { en = "the function's calls", ja = "関数の呼び出し", source = "A Lambda API DeleteFunction" }
  aws_lambda_alias                              = { en = "calls of the alias", ja = "エイリアスの呼び出し", source = "A Lambda API DeleteAlias" }
  aws_lambda_event_source_mapping               = { en = "the delivery of events to the function", ja = "関数へのイベントの配信", source = "A Lambda API DeleteEventSourceMapping" }
  aws_api_gateway_stage                         = { en = "the answers of the stage", ja = "ステージの応答", source = "A API Gateway API DeleteStage" }
  aws_api_gateway_method                        = { en = "the answers of the method", ja = "メソッドの応答", source = "A API Gateway API DeleteMethod" }
  aws_api_gateway_integration                   = { en = "the answers of the method", ja = "メソッドの応答", source = "A API Gateway API DeleteIntegration" }
  aws_api_gateway_resource                      = { en = "the answers of the path", ja = "パスの応答", source = "A API Gateway API DeleteResource" }
  aws_api_gateway_domain_name                   = { en = "the answers of the domain name", ja = "ドメイン名の応答", source = "A API Gateway API DeleteDomainName" }
  aws_api_gateway_base_path_mapping             = { en = "the answers of the path", ja = "パスの応答", source = "A API Gateway API DeleteBasePathMapping" }
  aws_apigatewayv2_stage                        = { en = "the answers of the stage", ja = "ステージの応答", source = "A API Gateway v2 API DeleteStage" }
  aws_apigatewayv2_route                        = { en = "the answers of the route", ja = "ルートの応答", source = "A API Gateway v2 API DeleteRoute" }
  aws_apigatewayv2_integration                  = { en = "the answers of the routes", ja = "ルートの応答", source = "A API Gateway v2 API DeleteIntegration" }
  aws_apigatewayv2_domain_name                  = { en = "the answers of the domain name", ja = "ドメイン名の応答", source = "A API Gateway v2 API DeleteDomainName" }
  aws_globalaccelerator_endpoint_group          = { en = "the traffic to the group's endpoints", ja = "エンドポイントグループへの通信", source = "A Global Accelerator API DeleteEndpointGroup" }
  aws_globalaccelerator_listener                = { en = "the traffic of the listener's ports", ja = "リスナーのポートの通信", source = "A Global Accelerator API DeleteListener" }
  aws_wafv2_web_acl                             = { en = "the filter before the service", ja = "サービスの前段のフィルター", source = "A WAFV2 API DeleteWebACL" }
  aws_vpc                                       = { en = "the network, with all in it", ja = "ネットワークとその中の通信", source = "A EC2 API DeleteVpc" }
  aws_subnet                                    = { en = "the traffic of the subnet", ja = "サブネットの通信", source = "A EC2 API DeleteSubnet" }
  aws_internet_gateway                          = { en = "the VPC's traffic with the internet", ja = "VPC とインターネットの通信", source = "A EC2 API DetachInternetGateway" }
  aws_egress_only_internet_gateway              = { en = "the VPC's traffic to the internet", ja = "VPC からインターネットへの通信", source = "A EC2 API DeleteEgressOnlyInternetGateway" }
  aws_nat_gateway                               = { en = "the traffic through the gateway", ja = "ゲートウェイを通る通信", source = "A EC2 API DeleteNatGateway" }
  aws_eip_association                           = { en = "the traffic of the fixed address", ja = "固定アドレスの通信", source = "A EC2 API DisassociateAddress" }
  aws_route                                     = { en = "the traffic to the route's destination", ja = "経路の宛先への通信", source = "A EC2 API DeleteRoute" }
  aws_route_table                               = { en = "the traffic of the table's subnets", ja = "ルートテーブルのサブネットの通信", source = "A EC2 API DeleteRouteTable" }
  aws_default_route_table                       = { en = "the traffic of the VPC's subnets", ja = "VPC のサブネットの通信", source = "D default_route_table" }
  aws_route_table_association                   = { en = "the subnet's traffic over its routes", ja = "サブネットの経路を通る通信", source = "A EC2 API DisassociateRouteTable" }
  aws_main_route_table_association              = { en = "the VPC's traffic over its routes", ja = "VPC の経路を通る通信", source = "A EC2 API ReplaceRouteTableAssociation" }
  aws_network_acl                               = { en = "the traffic that the ACL allows", ja = "ACL が許可する通信", source = "A EC2 API DeleteNetworkAcl" }
  aws_default_network_acl                       = { en = "the traffic that the ACL allows", ja = "ACL が許可する通信", source = "D default_network_acl" }
  aws_network_acl_rule                          = { en = "the traffic that the rule is about", ja = "ルールの対象の通信", source = "S ec2/vpc_network_acl_rule.go: every argument is ForceNew" }
  aws_network_acl_association                   = { en = "the subnet's traffic", ja = "サブネットの通信", source = "A EC2 API ReplaceNetworkAclAssociation" }
  aws_security_group                            = { en = "the traffic that the group admits", ja = "セキュリティグループが許可する通信", source = "A EC2 API DeleteSecurityGroup" }
  aws_default_security_group                    = { en = "the traffic that the group admits", ja = "セキュリティグループが許可する通信", source = "D default_security_group" }
  aws_security_group_rule                       = { en = "the traffic that the rule admits", ja = "ルールが許可する通信", source = "A EC2 API RevokeSecurityGroupIngress" }
  aws_vpc_security_group_ingress_rule           = { en = "the traffic that the rule admits", ja = "ルールが許可する通信", source = "A EC2 API RevokeSecurityGroupIngress" }
  aws_vpc_security_group_egress_rule            = { en = "the traffic that the rule admits", ja = "ルールが許可する通信", source = "A EC2 API RevokeSecurityGroupEgress" }
  aws_vpc_endpoint                              = { en = "the traffic to the service through the endpoint", ja = "エンドポイントを通るサービスへの通信", source = "A EC2 API DeleteVpcEndpoints" }
  aws_vpc_endpoint_route_table_association      = { en = "the traffic to the service through the endpoint", ja = "エンドポイントを通るサービスへの通信", source = "A EC2 API ModifyVpcEndpoint" }
  aws_vpc_endpoint_subnet_association           = { en = "the traffic to the service through the endpoint", ja = "エンドポイントを通るサービスへの通信", source = "A EC2 API ModifyVpcEndpoint" }
  aws_vpc_endpoint_security_group_association   = { en = "the traffic to the service through the endpoint", ja = "エンドポイントを通るサービスへの通信", source = "A EC2 API ModifyVpcEndpoint" }
  aws_vpc_peering_connection                    = { en = "the traffic between the two networks", ja = "2 つのネットワーク間の通信", source = "A EC2 API DeleteVpcPeeringConnection" }
  aws_ec2_managed_prefix_list                   = { en = "the traffic to the list's ranges", ja = "リストの範囲との通信", source = "A EC2 API DeleteManagedPrefixList" }
  aws_ec2_transit_gateway                       = { en = "all traffic through the transit gateway", ja = "トランジットゲートウェイを通るすべての通信", source = "A EC2 API DeleteTransitGateway" }
  aws_ec2_transit_gateway_route_table           = { en = "the traffic of the table's attachments", ja = "ルートテーブルのアタッチメントの通信", source = "A EC2 API DeleteTransitGatewayRouteTable" }
  aws_ec2_transit_gateway_route                 = { en = "the traffic to the route's destination", ja = "経路の宛先への通信", source = "A EC2 API DeleteTransitGatewayRoute" }
  aws_ec2_transit_gateway_route_table_association = { en = "the traffic of the attachment", ja = "アタッチメントの通信", source = "A EC2 API DisassociateTransitGatewayRouteTable" }
  aws_ec2_transit_gateway_route_table_propagation = { en = "the traffic to the attachment", ja = "アタッチメントへの通信", source = "A EC2 API DisableTransitGatewayRouteTablePropagation" }
  aws_ec2_transit_gateway_vpc_attachment        = { en = "the VPC's traffic through the transit gateway", ja = "VPC のトランジットゲートウェイ経由の通信", source = "A EC2 API DeleteTransitGatewayVpcAttachment" }
  aws_ec2_transit_gateway_vpc_attachment_accepter = { en = "the VPC's traffic through the transit gateway", ja = "VPC のトランジットゲートウェイ経由の通信", source = "A EC2 API DeleteTransitGatewayVpcAttachment" }
  aws_ec2_transit_gateway_peering_attachment    = { en = "the traffic between the two transit gateways", ja = "2 つのトランジットゲートウェイ間の通信", source = "A EC2 API DeleteTransitGatewayPeeringAttachment" }
  aws_ec2_transit_gateway_peering_attachment_accepter = { en = "the traffic between the two transit gateways", ja = "2 つのトランジットゲートウェイ間の通信", source = "A EC2 API DeleteTransitGatewayPeeringAttachment" }
  aws_vpn_gateway                               = { en = "the traffic through the VPN gateway", ja = "VPN ゲートウェイを通る通信", source = "A EC2 API DeleteVpnGateway" }
  aws_vpn_gateway_attachment                    = { en = "the traffic through the VPN gateway", ja = "VPN ゲートウェイを通る通信", source = "A EC2 API DetachVpnGateway" }
  aws_vpn_gateway_route_propagation             = { en = "the routes that the VPN gateway learns", ja = "VPN ゲートウェイが学習する経路", source = "A EC2 API DisableVgwRoutePropagation" }
  aws_vpn_connection_route                      = { en = "the traffic to the route's destination", ja = "経路の宛先への通信", source = "A EC2 API DeleteVpnConnectionRoute" }
  aws_dx_gateway_association                    = { en = "the traffic over Direct Connect", ja = "Direct Connect 経由の通信", source = "A Direct Connect API DeleteDirectConnectGatewayAssociation" }
  aws_dx_gateway_association_proposal           = { en = "the association that it proposes", ja = "提案している関連付け", source = "A Direct Connect API DeleteDirectConnectGatewayAssociationProposal" }
  aws_dx_private_virtual_interface              = { en = "the traffic over Direct Connect", ja = "Direct Connect 経由の通信", source = "A Direct Connect API DeleteVirtualInterface" }
  aws_dx_public_virtual_interface               = { en = "the traffic over Direct Connect", ja = "Direct Connect 経由の通信", source = "A Direct Connect API DeleteVirtualInterface" }
  aws_dx_transit_virtual_interface              = { en = "the traffic over Direct Connect", ja = "Direct Connect 経由の通信", source = "A Direct Connect API DeleteVirtualInterface" }
  aws_dx_hosted_private_virtual_interface       = { en = "the traffic over Direct Connect", ja = "Direct Connect 経由の通信", source = "A Direct Connect API DeleteVirtualInterface" }
  aws_dx_hosted_transit_virtual_interface       = { en = "the traffic over Direct Connect", ja = "Direct Connect 経由の通信", source = "A Direct Connect API DeleteVirtualInterface" }
  aws_dx_hosted_private_virtual_interface_accepter = { en = "the traffic over Direct Connect", ja = "Direct Connect 経由の通信", source = "A Direct Connect API DeleteVirtualInterface" }
  aws_dx_hosted_transit_virtual_interface_accepter = { en = "the traffic over Direct Connect", ja = "Direct Connect 経由の通信", source = "A Direct Connect API DeleteVirtualInterface" }
  aws_route53_record                            = { en = "the answer for the name", ja = "名前の応答", source = "A Route 53 API ChangeResourceRecordSets" }
  aws_route53_zone_association                  = { en = "the zone's answers in the VPC", ja = "VPC でのゾーンの応答", source = "A Route 53 API DisassociateVPCFromHostedZone" }
  aws_route53_health_check                      = { en = "the check that records fail over by", ja = "レコードの切り替えに使う監視", source = "A Route 53 API DeleteHealthCheck" }
  aws_route53_resolver_rule                     = { en = "the answers of the rule's names", ja = "ルールの対象の名前の応答", source = "A Route 53 Resolver API DeleteResolverRule" }
  aws_route53_resolver_endpoint                 = { en = "names that are resolved through the endpoint", ja = "エンドポイント経由の名前解決", source = "A Route 53 Resolver API DeleteResolverEndpoint" }
  aws_route53_resolver_firewall_rule            = { en = "the filter of names", ja = "名前のフィルター", source = "A Route 53 Resolver API DeleteFirewallRule" }
  aws_route53_resolver_firewall_rule_group_association = { en = "the filter of the VPC's names", ja = "VPC の名前のフィルター", source = "A Route 53 Resolver API DisassociateFirewallRuleGroup" }
  aws_efs_mount_target                          = { en = "the zone's access to the files", ja = "ゾーンからのファイルの利用", source = "A EFS API DeleteMountTarget" }
  aws_efs_access_point                          = { en = "access to the files through the access point", ja = "アクセスポイント経由のファイルの利用", source = "A EFS API DeleteAccessPoint" }
  aws_apprunner_service                         = { en = "the service", ja = "サービス", source = "A App Runner API DeleteService" }
  aws_elastic_beanstalk_environment             = { en = "the environment's service", ja = "環境のサービス", source = "A Elastic Beanstalk API TerminateEnvironment" }
  aws_network_interface = { en = "the traffic through the network interface", ja = "ネットワークインターフェイスを通る通信", source = "A EC2 API DeleteNetworkInterface" }
  aws_network_interface_attachment = { en = "the traffic through the network interface", ja = "ネットワークインターフェイスを通る通信", source = "A EC2 API DetachNetworkInterface" }
  aws_network_interface_sg_attachment = { en = "the traffic through the network interface", ja = "ネットワークインターフェイスを通る通信", source = "A EC2 API ModifyNetworkInterfaceAttribute" }
  aws_ec2_transit_gateway_prefix_list_reference = { en = "the traffic to the list's ranges", ja = "リストの範囲への通信", source = "A EC2 API DeleteTransitGatewayPrefixListReference" }
  aws_ec2_transit_gateway_connect = { en = "the traffic through the transit gateway", ja = "トランジットゲートウェイを通る通信", source = "A EC2 API DeleteTransitGatewayConnect" }
  aws_ec2_transit_gateway_connect_peer = { en = "the traffic through the transit gateway", ja = "トランジットゲートウェイを通る通信", source = "A EC2 API DeleteTransitGatewayConnectPeer" }
  aws_ec2_managed_prefix_list_entry = { en = "the traffic to the entry's range", ja = "エントリーの範囲との通信", source = "A EC2 API ModifyManagedPrefixList" }
  aws_vpc_peering_connection_accepter = { en = "the traffic between the two networks", ja = "2 つのネットワーク間の通信", source = "A EC2 API DeleteVpcPeeringConnection" }
  aws_vpc_peering_connection_options = { en = "the traffic between the two networks", ja = "2 つのネットワーク間の通信", source = "A EC2 API ModifyVpcPeeringConnectionOptions" }
  aws_vpc_dhcp_options_association = { en = "the resolution of names in the VPC", ja = "VPC 内の名前解決", source = "A EC2 API AssociateDhcpOptions" }
  aws_ec2_client_vpn_endpoint = { en = "the traffic of VPN clients", ja = "VPN クライアントの通信", source = "A EC2 API DeleteClientVpnEndpoint" }
  aws_ec2_client_vpn_route = { en = "the traffic of VPN clients", ja = "VPN クライアントの通信", source = "A EC2 API DeleteClientVpnRoute" }
  aws_ec2_client_vpn_authorization_rule = { en = "the traffic of VPN clients", ja = "VPN クライアントの通信", source = "A EC2 API RevokeClientVpnIngress" }
  aws_ec2_client_vpn_network_association = { en = "the traffic of VPN clients", ja = "VPN クライアントの通信", source = "A EC2 API DisassociateClientVpnTargetNetwork" }
  aws_ec2_fleet = { en = "the fleet's servers", ja = "フリートのサーバー", source = "A EC2 API DeleteFleets" }
  aws_spot_fleet_request = { en = "the fleet's servers", ja = "フリートのサーバー", source = "A EC2 API CancelSpotFleetRequests" }
  aws_dx_bgp_peer = { en = "the traffic over Direct Connect", ja = "Direct Connect 経由の通信", source = "A Direct Connect API DeleteBGPPeer" }
  aws_dx_hosted_public_virtual_interface = { en = "the traffic over Direct Connect", ja = "Direct Connect 経由の通信", source = "A Direct Connect API DeleteVirtualInterface" }
  aws_dx_hosted_public_virtual_interface_accepter = { en = "the traffic over Direct Connect", ja = "Direct Connect 経由の通信", source = "A Direct Connect API DeleteVirtualInterface" }
  aws_appmesh_mesh = { en = "the traffic through the mesh", ja = "メッシュを通る通信", source = "A App Mesh API DeleteMesh" }
  aws_appmesh_virtual_service = { en = "the traffic through the mesh", ja = "メッシュを通る通信", source = "A App Mesh API DeleteVirtualService" }
  aws_appmesh_virtual_router = { en = "the traffic through the mesh", ja = "メッシュを通る通信", source = "A App Mesh API DeleteVirtualRouter" }
  aws_appmesh_virtual_node = { en = "the traffic through the mesh", ja = "メッシュを通る通信", source = "A App Mesh API DeleteVirtualNode" }
  aws_appmesh_virtual_gateway = { en = "the traffic through the mesh", ja = "メッシュを通る通信", source = "A App Mesh API DeleteVirtualGateway" }
  aws_appmesh_route = { en = "the traffic through the mesh", ja = "メッシュを通る通信", source = "A App Mesh API DeleteRoute" }
  aws_appmesh_gateway_route = { en = "the traffic through the mesh", ja = "メッシュを通る通信", source = "A App Mesh API DeleteGatewayRoute" }
  aws_vpclattice_service = { en = "the traffic through the service network", ja = "サービスネットワークを通る通信", source = "A VPC Lattice API DeleteService" }
  aws_vpclattice_service_network = { en = "the traffic through the service network", ja = "サービスネットワークを通る通信", source = "A VPC Lattice API DeleteServiceNetwork" }
  aws_vpclattice_listener = { en = "the traffic through the service network", ja = "サービスネットワークを通る通信", source = "A VPC Lattice API DeleteListener" }
  aws_vpclattice_listener_rule = { en = "the traffic through the service network", ja = "サービスネットワークを通る通信", source = "A VPC Lattice API DeleteRule" }
  aws_vpclattice_target_group = { en = "the traffic through the service network", ja = "サービスネットワークを通る通信", source = "A VPC Lattice API DeleteTargetGroup" }
  aws_wafv2_rule_group = { en = "the filter of requests", ja = "リクエストのフィルター", source = "A WAFV2 API DeleteRuleGroup" }
  aws_wafv2_ip_set = { en = "the filter of requests", ja = "リクエストのフィルター", source = "A WAFV2 API DeleteIPSet" }
  aws_wafv2_regex_pattern_set = { en = "the filter of requests", ja = "リクエストのフィルター", source = "A WAFV2 API DeleteRegexPatternSet" }
  aws_api_gateway_authorizer = { en = "calls of the API", ja = "API の呼び出し", source = "A API Gateway API DeleteAuthorizer" }
  aws_api_gateway_usage_plan = { en = "calls of the API", ja = "API の呼び出し", source = "A API Gateway API DeleteUsagePlan" }
  aws_api_gateway_vpc_link = { en = "calls of the API", ja = "API の呼び出し", source = "A API Gateway API DeleteVpcLink" }
  aws_api_gateway_integration_response = { en = "calls of the API", ja = "API の呼び出し", source = "A API Gateway API DeleteIntegrationResponse" }
  aws_api_gateway_method_response = { en = "calls of the API", ja = "API の呼び出し", source = "A API Gateway API DeleteMethodResponse" }
  aws_api_gateway_gateway_response = { en = "calls of the API", ja = "API の呼び出し", source = "A API Gateway API DeleteGatewayResponse" }
  aws_apigatewayv2_authorizer = { en = "calls of the API", ja = "API の呼び出し", source = "A API Gateway v2 API DeleteAuthorizer" }
  aws_apigatewayv2_api_mapping = { en = "calls of the API", ja = "API の呼び出し", source = "A API Gateway v2 API DeleteApiMapping" }
  aws_apigatewayv2_vpc_link = { en = "calls of the API", ja = "API の呼び出し", source = "A API Gateway v2 API DeleteVpcLink" }
  aws_db_proxy_default_target_group = { en = "connections through the proxy", ja = "プロキシを通る接続", source = "A RDS API ModifyDBProxyTargetGroup" }
  aws_db_proxy_endpoint = { en = "connections through the proxy", ja = "プロキシを通る接続", source = "A RDS API DeleteDBProxyEndpoint" }
  aws_db_proxy_target = { en = "connections through the proxy", ja = "プロキシを通る接続", source = "A RDS API DeregisterDBProxyTargets" }
  aws_lightsail_container_service = { en = "the service", ja = "サービス", source = "A Lightsail API DeleteContainerService" }
  aws_lightsail_lb = { en = "the service", ja = "サービス", source = "A Lightsail API DeleteLoadBalancer" }
  aws_lightsail_distribution = { en = "the service", ja = "サービス", source = "A Lightsail API DeleteDistribution" }
  aws_ecs_task_set = { en = "tasks of the services", ja = "サービスのタスク", source = "A ECS API DeleteTaskSet" }
  aws_ecs_cluster_capacity_providers = { en = "tasks of the services", ja = "サービスのタスク", source = "A ECS API PutClusterCapacityProviders" }
  aws_eks_addon = { en = "what the cluster runs or admits by it", ja = "クラスターでこれを使う処理やアクセス", source = "A EKS API DeleteAddon" }
  aws_eks_fargate_profile = { en = "what the cluster runs or admits by it", ja = "クラスターでこれを使う処理やアクセス", source = "A EKS API DeleteFargateProfile" }
  aws_eks_access_entry = { en = "what the cluster runs or admits by it", ja = "クラスターでこれを使う処理やアクセス", source = "A EKS API DeleteAccessEntry" }
  aws_lambda_provisioned_concurrency_config = { en = "calls of the function as they were configured", ja = "設定どおりの関数の呼び出し", source = "A Lambda API DeleteProvisionedConcurrencyConfig" }
  aws_lambda_function_event_invoke_config = { en = "calls of the function as they were configured", ja = "設定どおりの関数の呼び出し", source = "A Lambda API DeleteFunctionEventInvokeConfig" }
  aws_elasticache_user = { en = "the users' access to the cache", ja = "利用者のキャッシュへのアクセス", source = "A ElastiCache API DeleteUser" }
  aws_elasticache_user_group = { en = "the users' access to the cache", ja = "利用者のキャッシュへのアクセス", source = "A ElastiCache API DeleteUserGroup" }
  aws_memorydb_user = { en = "the users' access to the database", ja = "利用者のデータベースへのアクセス", source = "A MemoryDB API DeleteUser" }
  aws_memorydb_acl = { en = "the users' access to the database", ja = "利用者のデータベースへのアクセス", source = "A MemoryDB API DeleteACL" }
  aws_msk_scram_secret_association = { en = "the users' access to the Kafka cluster", ja = "利用者の Kafka クラスターへのアクセス", source = "A MSK API BatchDisassociateScramSecret" }
  aws_transfer_server = { en = "transfers of files", ja = "ファイルの転送", source = "A Transfer Family API DeleteServer" }
  aws_s3_bucket_cors_configuration = { en = "requests of browsers to the bucket", ja = "ブラウザーからバケットへのリクエスト", source = "A S3 API DeleteBucketCors" }
  aws_s3_bucket_website_configuration = { en = "requests of browsers to the bucket", ja = "ブラウザーからバケットへのリクエスト", source = "A S3 API DeleteBucketWebsite" }
  aws_cloudwatch_event_target = { en = "what the rule starts", ja = "ルールが起動する処理", source = "A EventBridge API RemoveTargets" }
  aws_kinesis_firehose_delivery_stream = { en = "the delivery of records", ja = "レコードの配信", source = "A Firehose API DeleteDeliveryStream" }
  aws_cloudfront_function = { en = "answers of the distributions that use it", ja = "これを使うディストリビューションの応答", source = "A CloudFront API DeleteFunction" }
  aws_cloudfront_cache_policy = { en = "answers of the distributions that use it", ja = "これを使うディストリビューションの応答", source = "A CloudFront API DeleteCachePolicy" }
  aws_cloudfront_origin_request_policy = { en = "answers of the distributions that use it", ja = "これを使うディストリビューションの応答", source = "A CloudFront API DeleteOriginRequestPolicy" }
  aws_cloudfront_response_headers_policy = { en = "answers of the distributions that use it", ja = "これを使うディストリビューションの応答", source = "A CloudFront API DeleteResponseHeadersPolicy" }
  aws_cloudfront_origin_access_control = { en = "answers of the distributions that use it", ja = "これを使うディストリビューションの応答", source = "A CloudFront API DeleteOriginAccessControl" }
  aws_cloudfront_key_group = { en = "answers of the distributions that use it", ja = "これを使うディストリビューションの応答", source = "A CloudFront API DeleteKeyGroup" }
  aws_cloudfront_continuous_deployment_policy = { en = "answers of the distributions that use it", ja = "これを使うディストリビューションの応答", source = "A CloudFront API DeleteContinuousDeploymentPolicy" }
  aws_account_region = { en = "access to the Region", ja = "リージョンへのアクセス", source = "A Account Management API DisableRegion" }
  aws_route53domains_delegation_signer_record = { en = "the signed answers of the domain", ja = "ドメインの署名付き応答", source = "A Route 53 Domains API DisassociateDelegationSignerFromDomain" }
}

# Types whose replacement is their ordinary change: the source of each.
routine = {
  aws_ecs_task_definition         = "S ecs/task_definition.go: every argument is ForceNew"
  aws_api_gateway_deployment      = "D api_gateway_deployment, triggers"
  aws_apigatewayv2_deployment     = "D apigatewayv2_deployment, triggers"
  aws_lambda_layer_version        = "S lambda/layer_version.go: every argument is ForceNew"
  aws_lambda_permission           = "S lambda/permission.go: every argument is ForceNew"
  aws_backup_selection            = "S backup/selection.go: every argument is ForceNew"
  aws_iam_role_policy_attachment  = "S iam/role_policy_attachment.go: every argument is ForceNew"
  aws_iam_user_policy_attachment  = "S iam/user_policy_attachment.go: every argument is ForceNew"
  aws_iam_group_policy_attachment = "S iam/group_policy_attachment.go: every argument is ForceNew"
  aws_acm_certificate_validation  = "S acm/certificate_validation.go: it only waits"
  aws_launch_configuration        = "D launch_configuration: cannot be updated; servers that run keep theirs"
}

# Data sources that run code. One that is read during the apply asks, as a provisioner does.
programs = {
  external              = { en = "a program", ja = "プログラム", source = "D hashicorp/external, data source external" }
  aws_lambda_invocation = { en = "a Lambda function", ja = "Lambda 関数", source = "D lambda_invocation" }
}

# Types that were read and are none of these: the action alone says what their end is. Rules
# may say more.
plain = {
  aws_acm_certificate                                = "D acm_certificate: its replacement has rules"
  aws_api_gateway_account                            = "D api_gateway_account: configuration, which holds no data and can be made again"
  aws_api_gateway_method_settings                    = "D api_gateway_method_settings: configuration, which holds no data and can be made again"
  aws_api_gateway_rest_api_policy                    = "D api_gateway_rest_api_policy: configuration, which holds no data and can be made again"
  aws_autoscaling_lifecycle_hook                     = "D autoscaling_lifecycle_hook: configuration, which holds no data and can be made again"
  aws_autoscaling_policy                             = "D autoscaling_policy: configuration, which holds no data and can be made again"
  aws_autoscaling_schedule                           = "D autoscaling_schedule: configuration, which holds no data and can be made again"
  aws_backup_plan                                    = "D backup_plan: configuration, which holds no data and can be made again"
  aws_backup_vault_lock_configuration                = "D backup_vault_lock_configuration: configuration, which holds no data and can be made again"
  aws_backup_vault_notifications                     = "D backup_vault_notifications: configuration, which holds no data and can be made again"
  aws_cloudwatch_dashboard                           = "D cloudwatch_dashboard: configuration, which holds no data and can be made again"
  aws_cloudwatch_metric_alarm                        = "A CloudWatch API DeleteAlarms: nothing that runs is touched"
  aws_codebuild_project                              = "D codebuild_project: configuration, which holds no data and can be made again"
  aws_db_parameter_group                             = "D db_parameter_group: configuration, which holds no data and can be made again"
  aws_db_subnet_group                                = "D db_subnet_group: configuration, which holds no data and can be made again"
  aws_ecr_lifecycle_policy                           = "D ecr_lifecycle_policy: configuration, which holds no data and can be made again"
  aws_efs_backup_policy                              = "D efs_backup_policy: configuration, which holds no data and can be made again"
  aws_efs_file_system_policy                         = "D efs_file_system_policy: configuration, which holds no data and can be made again"
  aws_efs_replication_configuration                  = "D efs_replication_configuration: configuration, which holds no data and can be made again"
  aws_flow_log                                       = "D flow_log: configuration, which holds no data and can be made again"
  aws_iam_instance_profile                           = "D iam_instance_profile: configuration, which holds no data and can be made again"
  aws_iam_policy                                     = "S iam/policy.go"
  aws_iam_role                                       = "S iam/role.go: a role can be made again under its name"
  aws_iam_role_policy                                = "D iam_role_policy: configuration, which holds no data and can be made again"
  aws_iam_service_linked_role                        = "D iam_service_linked_role: configuration, which holds no data and can be made again"
  aws_kms_alias                                      = "D kms_alias: configuration, which holds no data and can be made again"
  aws_launch_template                                = "A EC2 guide: what runs stays"
  aws_route53_resolver_firewall_domain_list          = "D route53_resolver_firewall_domain_list: configuration, which holds no data and can be made again"
  aws_route53_resolver_firewall_rule_group           = "D route53_resolver_firewall_rule_group: configuration, which holds no data and can be made again"
  aws_s3_bucket_lifecycle_configuration              = "D s3_bucket_lifecycle_configuration: configuration, which holds no data and can be made again"
  aws_s3_bucket_logging                              = "D s3_bucket_logging: configuration, which holds no data and can be made again"
  aws_s3_bucket_object_lock_configuration            = "D s3_bucket_object_lock_configuration: configuration, which holds no data and can be made again"
  aws_s3_bucket_ownership_controls                   = "D s3_bucket_ownership_controls: configuration, which holds no data and can be made again"
  aws_s3_bucket_policy                               = "D s3_bucket_policy: configuration, which holds no data and can be made again"
  aws_s3_bucket_public_access_block                  = "D s3_bucket_public_access_block: configuration, which holds no data and can be made again"
  aws_s3_bucket_replication_configuration            = "D s3_bucket_replication_configuration: configuration, which holds no data and can be made again"
  aws_s3_bucket_server_side_encryption_configuration = "D s3_bucket_server_side_encryption_configuration: configuration, which holds no data and can be made again"
  aws_s3_bucket_versioning                           = "D s3_bucket_versioning: configuration, which holds no data and can be made again"
  aws_scheduler_schedule                             = "D scheduler_schedule: configuration, which holds no data and can be made again"
  aws_scheduler_schedule_group                       = "D scheduler_schedule_group: configuration, which holds no data and can be made again"
  aws_sns_topic                                      = "D sns_topic: configuration, which holds no data and can be made again"
  aws_sns_topic_policy                               = "D sns_topic_policy: configuration, which holds no data and can be made again"
  aws_sns_topic_subscription                         = "D sns_topic_subscription: configuration, which holds no data and can be made again"
}
