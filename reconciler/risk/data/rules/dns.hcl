# Names and certificates. "A" is the Route 53 API or guide.

rule "aws_route53_record" "answer" {
  paths  = ["records", "alias"]
  risk   = "interruption"
  en     = "{old.name} answers {after}, no longer {before}: clients follow as their caches expire"
  ja     = "{old.name} の応答が {before} から {after} に変わります。クライアントはキャッシュの期限が切れると新しい応答に従います"
  source = "A ChangeResourceRecordSets"
}

rule "aws_route53_record" "routing" {
  paths  = ["weighted_routing_policy", "latency_routing_policy", "failover_routing_policy", "geolocation_routing_policy", "geoproximity_routing_policy", "cidr_routing_policy", "multivalue_answer_routing_policy", "health_check_id", "set_identifier"]
  risk   = "interruption"
  en     = "{path}: {before} → {after}: clients are sent elsewhere"
  ja     = "{path}: {before} → {after}: クライアントの行き先が変わります"
  source = "A routing policies"
}

rule "aws_route53_record" "create_overwrites" {
  on     = ["create"]
  when   = isset(new("allow_overwrite"))
  risk   = "interruption"
  en     = "{new.name} can exist already and is overwritten: clients are sent elsewhere"
  ja     = "{new.name} がすでにあれば上書きされ、クライアントの行き先が変わります"
  source = "D route53_record, allow_overwrite"
}

rule "aws_route53_record" "create_weighted" {
  on     = ["create"]
  when   = num(new("weighted_routing_policy.0.weight"), 0) > 0
  risk   = "interruption"
  en     = "the new record takes a share of {new.name} at once: weight {new.weighted_routing_policy.0.weight}"
  ja     = "新しいレコードが {new.name} の一部をすぐに引き受けます。重み {new.weighted_routing_policy.0.weight}"
  source = "A weighted routing"
}

rule "aws_route53_zone" "create_private" {
  on     = ["create"]
  when   = length(new("vpc")) > 0
  risk   = "interruption"
  en     = "names below {new.name} are answered from this zone alone in its VPCs: those that it does not have are not found any more"
  ja     = "対象の VPC では {new.name} 以下の名前がこのゾーンだけで解決されます。ゾーンにない名前は見つからなくなります"
  source = "A Route 53 guide, private hosted zones: no recursive answer"
}

rule "aws_route53_zone_association" "answers" {
  types  = ["aws_route53_resolver_rule_association", "aws_vpc_dhcp_options_association"]
  on     = ["create"]
  risk   = "interruption"
  en     = "names in the VPC are resolved another way from now on"
  ja     = "VPC 内の名前解決の方法が変わります"
  source = "A Route 53 API AssociateVPCWithHostedZone, AssociateResolverRule; EC2 API AssociateDhcpOptions"
}

rule "aws_route53_records_exclusive" "adopts" {
  on     = ["create", "update"]
  paths  = ["resource_record_set"]
  risk   = "interruption"
  en     = "deletes all records of the zone that are not in the code"
  ja     = "ゾーンのうち、コードにないレコードをすべて削除します"
  source = "D route53_records_exclusive"
}

rule "aws_route53_zone" "force_destroy" {
  when   = isset(after) && !isset(before)
  risk   = "loss"
  guard  = true
  en     = "the zone will be destroyed even with records in it"
  ja     = "レコードが残っていてもゾーンを削除できるようになります"
  source = "D route53_zone, force_destroy"
}

rule "aws_route53_zone" "vpc" {
  when   = removes(before, after)
  risk   = "interruption"
  en     = "a VPC leaves the zone: names of the zone are not resolved there any more"
  ja     = "VPC がゾーンから外れ、そこではゾーンの名前を解決できなくなります"
  source = "A DisassociateVPCFromHostedZone"
}

rule "aws_route53_resolver_firewall_rule" "blocks" {
  paths  = ["action", "priority", "block_response", "block_override_domain", "block_override_ttl", "firewall_domain_redirection_action", "q_type"]
  risk   = "interruption"
  en     = "{path}: {before} → {after}: names can be blocked that were answered"
  ja     = "{path}: {before} → {after}: これまで応答していた名前が遮断されることがあります"
  source = "A Route 53 Resolver API UpdateFirewallRule"
}

rule "aws_route53_resolver_firewall_rule" "create_block" {
  on     = ["create"]
  when   = new("action") != "ALLOW" && new("action") != "ALERT"
  risk   = "interruption"
  en     = "the new rule blocks names at once where its group is in use"
  ja     = "ルールグループを使っている場所では、新しいルールがすぐに名前を遮断します"
  source = "A Route 53 Resolver API CreateFirewallRule"
}

rule "aws_route53_resolver_firewall_domain_list" "domains" {
  risk   = "interruption"
  en     = "the list changes: other names than before are blocked or let through"
  ja     = "リストが変わり、遮断または許可される名前が変わります"
  source = "A Route 53 Resolver API UpdateFirewallDomains"
}

rule "aws_route53_resolver_firewall_rule_group_association" "mutation_protection" {
  when   = before == "ENABLED" && after != "ENABLED"
  risk   = "interruption"
  guard  = true
  en     = "takes the protection of the association off"
  ja     = "関連付けの変更保護を外します"
  source = "A Route 53 Resolver API UpdateFirewallRuleGroupAssociation"
}

rule "aws_route53_resolver_firewall_rule_group_association" "priority" {
  risk   = "interruption"
  en     = "{before} → {after}: other rules decide about the VPC's names first"
  ja     = "{before} → {after}: VPC の名前を最初に判定するルールが変わります"
  source = "A Route 53 Resolver API UpdateFirewallRuleGroupAssociation"
}

rule "aws_acm_certificate" "replaced_destroy_first" {
  on     = ["replace"]
  when   = destroysfirst()
  risk   = "interruption"
  en     = "the certificate is destroyed before the new one exists; AWS refuses that while it is in use, so the apply stops"
  ja     = "新しい証明書の前に今のものを削除します。使用中は AWS が拒否するため、適用はここで止まります"
  source = "D acm_certificate, create_before_destroy; A ResourceInUseException"
}

rule "aws_acm_certificate" "replaced_create_first" {
  on     = ["replace"]
  risk   = "update"
  en     = "a new certificate is issued before the old one goes"
  ja     = "新しい証明書を発行してから、今の証明書を削除します"
  source = "D acm_certificate, create_before_destroy"
}

rule "aws_route53_record" "create_routed" {
  on     = ["create"]
  when   = length(new("latency_routing_policy")) + length(new("geolocation_routing_policy")) + length(new("geoproximity_routing_policy")) + length(new("cidr_routing_policy")) > 0 || isset(new("multivalue_answer_routing_policy")) || str(new("failover_routing_policy.0.type"), "") == "PRIMARY"
  risk   = "interruption"
  en     = "the new record takes clients of the other records of {new.name} at once"
  ja     = "{new.name} のほかのレコードのクライアントの一部が、すぐに新しいレコードへ送られます"
  source = "A routing policies"
}
