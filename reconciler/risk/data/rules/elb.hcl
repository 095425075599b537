# Load balancers. "A" is the Elastic Load Balancing API or guide.

rule "aws_lb" "subnets" {
  paths  = ["subnets", "subnet_mapping"]
  when   = removes(before, after)
  risk   = "interruption"
  en     = "the load balancer leaves a zone: connections through its address there break"
  ja     = "ロードバランサーがゾーンから外れ、そのアドレスを通る接続が切れます"
  source = "A SetSubnets; X clients keep a removed address in their cache"
}

rule "aws_lb" "groups" {
  types  = ["aws_elb", "aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster", "aws_redshift_cluster", "aws_elasticache_cluster", "aws_elasticache_replication_group", "aws_memorydb_cluster", "aws_db_proxy", "aws_mq_broker", "aws_instance", "aws_network_interface"]
  paths  = ["security_groups", "security_group_ids", "vpc_security_group_ids"]
  when   = removes(before, after)
  risk   = "interruption"
  en     = "a security group is taken away: traffic that only it admits is refused"
  ja     = "セキュリティグループが外れ、それだけが許可していた通信は拒否されます"
  source = "A EC2 guide, security groups: an untracked flow is cut at once"
}

rule "aws_lb_listener_rule" "create_takes_all" {
  on     = ["create"]
  when   = takesall(new("condition"))
  risk   = "interruption"
  en     = "the rule selects every request: those of rules below it, and of the default action, go to it"
  ja     = "すべてのリクエストに一致するルールです。優先順位がこれより低いルールと既定のアクションの通信が、このルールへ送られます"
  source = "A ELB guide, listener rules: in the order of priority"
}

rule "aws_lb" "enable_deletion_protection" {
  when   = isset(before) && !isset(after)
  risk   = "destroy"
  guard  = true
  en     = "takes the deletion protection off: the next change can destroy the load balancer"
  ja     = "削除保護を外します。次の変更でロードバランサーを削除できるようになります"
  source = "A deletion_protection.enabled"
}

rule "aws_lb" "idle_timeout" {
  types  = ["aws_lb_listener"]
  paths  = ["idle_timeout", "client_keep_alive", "tcp_idle_timeout_seconds"]
  when   = num(after, 60) < num(before, 60)
  risk   = "interruption"
  en     = "{path}: {before} → {after} seconds: requests and connections that take longer are cut off"
  ja     = "{path}: {before} → {after} 秒: これより長いリクエストや接続は切断されます"
  source = "A application load balancers, connection idle timeout"
}

rule "aws_lb" "stricter" {
  paths  = ["desync_mitigation_mode", "drop_invalid_header_fields", "ip_address_type", "enable_cross_zone_load_balancing", "enforce_security_group_inbound_rules_on_private_link_traffic", "preserve_host_header", "xff_header_processing_mode"]
  risk   = "interruption"
  en     = "{path}: {before} → {after} changes which requests are accepted, or where they go"
  ja     = "{path}: {before} → {after} により、受け付けるリクエストか、その行き先が変わります"
  source = "A load balancer attributes"
}

rule "aws_lb_listener" "default_action" {
  types  = ["aws_lb_listener_rule"]
  paths  = ["default_action", "action"]
  when   = forwards(before, after)
  risk   = "interruption"
  en     = "requests go to other targets than before"
  ja     = "リクエストの行き先がこれまでと変わります"
  source = "A ModifyListener, DefaultActions"
}

rule "aws_lb_listener" "port" {
  paths  = ["port", "protocol", "alpn_policy", "mutual_authentication"]
  risk   = "interruption"
  en     = "{path}: {before} → {after}: clients that connect as before are refused"
  ja     = "{path}: {before} → {after}: これまでどおりに接続するクライアントは拒否されます"
  source = "A ModifyListener"
}

rule "aws_lb_listener_rule" "condition" {
  paths  = ["condition", "priority"]
  risk   = "interruption"
  en     = "{path} changes: other requests than before go to the rule's targets"
  ja     = "{path} が変わり、ルールの対象になるリクエストが変わります"
  source = "A ModifyRule, SetRulePriorities"
}

rule "aws_lb_target_group" "health_check" {
  risk   = "interruption"
  en     = "{path}: {before} → {after} can turn targets unhealthy, which takes their traffic away"
  ja     = "{path}: {before} → {after} によりターゲットが異常と判定され、通信が止まることがあります"
  source = "A target group health checks"
}

rule "aws_lb_target_group" "deregistration_delay" {
  when   = num(after, 300) < num(before, 300)
  risk   = "interruption"
  en     = "{before} → {after} seconds: requests that take longer are cut off when a target leaves"
  ja     = "{before} → {after} 秒: ターゲットが外れるとき、これより長いリクエストは切断されます"
  source = "A deregistration_delay.timeout_seconds"
}

rule "aws_lb_target_group" "balancing" {
  paths  = ["stickiness", "load_balancing_algorithm_type", "load_balancing_cross_zone_enabled", "slow_start", "preserve_client_ip", "proxy_protocol_v2", "connection_termination", "target_failover", "target_health_state", "target_group_health"]
  risk   = "interruption"
  en     = "{path}: {before} → {after} changes which targets get the requests, or how"
  ja     = "{path}: {before} → {after} により、リクエストを受けるターゲットや送り方が変わります"
  source = "A target group attributes"
}

rule "aws_lb_listener" "ssl_policy" {
  risk   = "interruption"
  en     = "{before} → {after}: clients that cannot do what the new policy demands are refused"
  ja     = "{before} → {after}: 新しいポリシーの条件を満たせないクライアントは拒否されます"
  source = "A security policies for HTTPS listeners"
}
