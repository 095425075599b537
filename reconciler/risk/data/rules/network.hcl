# Networks. "A" is the EC2 API or the VPC guide.

rule "aws_route" "target" {
  paths  = ["gateway_id", "nat_gateway_id", "network_interface_id", "transit_gateway_id", "vpc_endpoint_id", "vpc_peering_connection_id", "egress_only_gateway_id", "carrier_gateway_id", "local_gateway_id", "core_network_arn", "odb_network_arn"]
  risk   = "interruption"
  en     = "traffic to {new.destination_cidr_block} goes another way ({path}: {before} → {after}): connections that exist can break"
  ja     = "{new.destination_cidr_block} への通信の経路が変わります（{path}: {before} → {after}）。今ある接続が切れることがあります"
  source = "A ReplaceRoute; X flows are rerouted"
}

rule "aws_route_table" "route" {
  types  = ["aws_default_route_table"]
  paths  = ["route", "propagating_vgws"]
  when   = removes(before, after)
  risk   = "interruption"
  en     = "routes are taken away or changed: connections over them can break"
  ja     = "経路を削除または変更します。そこを通る接続が切れることがあります"
  source = "A DeleteRoute, ReplaceRoute"
}

rule "aws_route_table_association" "route_table_id" {
  types  = ["aws_main_route_table_association"]
  risk   = "interruption"
  en     = "the subnet's traffic follows another route table: connections can break"
  ja     = "サブネットの通信が別のルートテーブルに従うようになり、接続が切れることがあります"
  source = "A ReplaceRouteTableAssociation"
}

rule "aws_network_acl_rule" "create_deny" {
  on     = ["create"]
  when   = lower(str(new("rule_action"), "deny")) != "allow"
  risk   = "interruption"
  en     = "denies traffic with {new.cidr_block} at once, also of connections that exist"
  ja     = "{new.cidr_block} との通信をすぐに拒否します。今ある接続も対象です"
  source = "A network ACLs are stateless"
}

rule "aws_network_acl" "create_takes_subnets" {
  types  = ["aws_network_acl_association"]
  on     = ["create"]
  when   = isset(new("subnet_ids")) || isset(new("subnet_id"))
  risk   = "interruption"
  en     = "subnets come under this network ACL: traffic that it does not allow is cut at once"
  ja     = "サブネットにこのネットワーク ACL が適用されます。許可されない通信はすぐに止まります"
  source = "A ReplaceNetworkAclAssociation; network ACLs are stateless"
}

rule "aws_main_route_table_association" "takes_over" {
  on     = ["create"]
  risk   = "interruption"
  en     = "all subnets of the VPC without a route table of their own follow another one: connections can break"
  ja     = "専用のルートテーブルがない VPC の全サブネットが別のルートテーブルに従い、接続が切れることがあります"
  source = "A ReplaceRouteTableAssociation"
}

rule "aws_vpc_endpoint" "create_redirects" {
  on     = ["create"]
  when   = isset(new("private_dns_enabled")) || isset(new("route_table_ids"))
  risk   = "interruption"
  en     = "calls to the service go through the endpoint from now on: connections that exist break, and its policy and groups can refuse them"
  ja     = "サービスへの呼び出しがこのエンドポイントを通るようになります。今ある接続は切れ、ポリシーやセキュリティグループが拒否することもあります"
  source = "A VPC guide, gateway endpoints: connections are dropped; private DNS names"
}

rule "aws_vpc_security_group_ingress_rule" "range" {
  types  = ["aws_vpc_security_group_egress_rule"]
  paths  = ["cidr_ipv4", "cidr_ipv6"]
  when   = narrows(before, after)
  risk   = "interruption"
  en     = "{before} → {after}: addresses that it no longer holds are refused"
  ja     = "{before} → {after}: 外れたアドレスとの通信は拒否されます"
  source = "A ModifySecurityGroupRules"
}

rule "aws_vpc_security_group_ingress_rule" "peers" {
  types  = ["aws_vpc_security_group_egress_rule"]
  paths  = ["prefix_list_id", "referenced_security_group_id", "ip_protocol"]
  when   = isset(before) && after != "-1"
  risk   = "interruption"
  en     = "{path}: {before} → {after}: traffic that only the old one admits is refused"
  ja     = "{path}: {before} → {after}: これまでの値だけが許可していた通信は拒否されます"
  source = "A ModifySecurityGroupRules"
}

rule "aws_vpc_security_group_ingress_rule" "from_port" {
  types  = ["aws_vpc_security_group_egress_rule"]
  when   = num(after, 0) > num(before, 0)
  risk   = "interruption"
  en     = "begins at port {after}, no longer at {before}: ports below are refused"
  ja     = "許可するポートの始まりが {before} から {after} になります。それより下のポートは拒否されます"
  source = "A ModifySecurityGroupRules"
}

rule "aws_vpc_security_group_ingress_rule" "to_port" {
  types  = ["aws_vpc_security_group_egress_rule"]
  when   = num(after, 65535) < num(before, 65535)
  risk   = "interruption"
  en     = "ends at port {after}, no longer at {before}: ports above are refused"
  ja     = "許可するポートの終わりが {before} から {after} になります。それより上のポートは拒否されます"
  source = "A ModifySecurityGroupRules"
}

rule "aws_ec2_transit_gateway_route" "create_blackhole" {
  on     = ["create"]
  when   = isset(new("blackhole"))
  risk   = "interruption"
  en     = "traffic to {new.destination_cidr_block} is dropped"
  ja     = "{new.destination_cidr_block} への通信を遮断します"
  source = "A CreateTransitGatewayRoute, Blackhole"
}

rule "aws_eip_association" "create_moves" {
  on     = ["create"]
  when   = isset(new("allow_reassociation"))
  risk   = "interruption"
  en     = "takes the fixed address from what has it: connections to it break"
  ja     = "固定アドレスを今の割り当て先から移します。そこへの接続は切れます"
  source = "A AssociateAddress, AllowReassociation"
}

rule "aws_network_acl" "entries" {
  types  = ["aws_default_network_acl"]
  paths  = ["ingress", "egress"]
  risk   = "interruption"
  en     = "{path} entries change: traffic that they no longer allow is cut at once"
  ja     = "{path} のエントリーが変わります。許可されなくなった通信はすぐに止まります"
  source = "A network ACLs are stateless"
}

rule "aws_network_acl" "subnet_ids" {
  types  = ["aws_default_network_acl"]
  risk   = "interruption"
  en     = "subnets come under another network ACL"
  ja     = "サブネットに適用されるネットワーク ACL が変わります"
  source = "A ReplaceNetworkAclAssociation"
}

rule "aws_security_group" "rules" {
  types  = ["aws_default_security_group"]
  paths  = ["ingress", "egress"]
  when   = removes(before, after)
  risk   = "interruption"
  en     = "{path} rules are taken away: traffic that only they allow is refused"
  ja     = "{path} のルールを削除します。それだけが許可していた通信は拒否されます"
  source = "A RevokeSecurityGroupIngress"
}

rule "aws_default_security_group" "adopts" {
  types  = ["aws_default_network_acl", "aws_default_route_table", "aws_vpc_security_group_rules_exclusive", "aws_network_acl_rules_exclusive", "aws_lightsail_instance_public_ports"]
  on     = ["create"]
  risk   = "interruption"
  en     = "takes over what exists and removes all rules that are not in the code: traffic can stop"
  ja     = "今あるものを引き継ぎ、コードにないルールをすべて削除します。通信が止まることがあります"
  source = "D default_security_group, default_network_acl: removes all rules"
}

rule "aws_default_vpc" "adopts" {
  types  = ["aws_default_subnet", "aws_default_vpc_dhcp_options"]
  on     = ["create"]
  risk   = "update"
  en     = "takes over what exists"
  ja     = "今あるものを引き継ぎます"
  source = "D default_vpc, default_subnet"
}

rule "aws_vpc" "dns" {
  paths  = ["enable_dns_support", "enable_dns_hostnames"]
  when   = isset(before) && !isset(after)
  risk   = "interruption"
  en     = "{path} is turned off: names inside the VPC are not resolved as before"
  ja     = "{path} を無効にします。VPC 内の名前解決がこれまでと変わります"
  source = "A ModifyVpcAttribute"
}

rule "aws_subnet" "addresses" {
  paths  = ["map_public_ip_on_launch", "assign_ipv6_address_on_creation", "enable_dns64"]
  when   = isset(before) && !isset(after)
  risk   = "interruption"
  en     = "{path} is turned off: servers that start from now on have no such address"
  ja     = "{path} を無効にします。今後起動するサーバーにはそのアドレスが付きません"
  source = "A ModifySubnetAttribute"
}

rule "aws_vpc_endpoint" "reach" {
  paths  = ["subnet_ids", "route_table_ids", "security_group_ids"]
  when   = removes(before, after)
  risk   = "interruption"
  en     = "{path}: what was reached from there through the endpoint is not any more"
  ja     = "{path}: そこからエンドポイント経由で届いていた先に、届かなくなります"
  source = "A ModifyVpcEndpoint"
}

rule "aws_vpc_endpoint" "private_dns_enabled" {
  paths  = ["private_dns_enabled", "policy", "ip_address_type"]
  risk   = "interruption"
  en     = "{path} changes: calls to the service can go another way, or be refused"
  ja     = "{path} が変わります。サービスへの呼び出しの経路が変わるか、拒否されることがあります"
  source = "A ModifyVpcEndpoint"
}

rule "aws_ec2_transit_gateway_vpc_attachment" "subnet_ids" {
  when   = removes(before, after)
  risk   = "interruption"
  en     = "the attachment leaves a zone: that zone's traffic through the transit gateway stops"
  ja     = "アタッチメントがゾーンから外れ、そのゾーンのトランジットゲートウェイ経由の通信が止まります"
  source = "A ModifyTransitGatewayVpcAttachment, RemoveSubnetIds"
}

rule "aws_ec2_transit_gateway_vpc_attachment" "routing" {
  paths  = ["transit_gateway_default_route_table_association", "transit_gateway_default_route_table_propagation", "appliance_mode_support", "security_group_referencing_support"]
  risk   = "interruption"
  en     = "{path}: {before} → {after}: traffic through the transit gateway can go another way"
  ja     = "{path}: {before} → {after}: トランジットゲートウェイ経由の通信の経路が変わることがあります"
  source = "D ec2_transit_gateway_vpc_attachment"
}

rule "aws_ec2_transit_gateway" "routing" {
  paths  = ["default_route_table_association", "default_route_table_propagation", "amazon_side_asn", "vpn_ecmp_support", "security_group_referencing_support", "transit_gateway_cidr_blocks"]
  risk   = "interruption"
  en     = "{path}: {before} → {after}: traffic through the transit gateway can go another way, or stop"
  ja     = "{path}: {before} → {after}: トランジットゲートウェイ経由の通信の経路が変わるか、止まることがあります"
  source = "D ec2_transit_gateway; A ModifyTransitGateway"
}

rule "aws_vpn_gateway" "vpc_id" {
  types  = ["aws_internet_gateway", "aws_egress_only_internet_gateway"]
  risk   = "interruption"
  en     = "the gateway leaves {before}: traffic through it stops"
  ja     = "ゲートウェイが {before} から外れ、そこを通る通信が止まります"
  source = "A DetachVpnGateway, DetachInternetGateway"
}

rule "aws_eip" "moves" {
  paths  = ["instance", "network_interface", "associate_with_private_ip"]
  risk   = "interruption"
  en     = "the fixed address moves from {before} to {after}: connections to it break"
  ja     = "固定アドレスの割り当て先が {before} から {after} に変わり、接続が切れます"
  source = "A AssociateAddress"
}

rule "aws_nat_gateway" "addresses" {
  paths  = ["secondary_allocation_ids", "secondary_private_ip_addresses", "secondary_private_ip_address_count", "availability_zone_address"]
  when   = length(before) == 0 || removes(before, after)
  risk   = "interruption"
  en     = "{path} changes: connections over an address that goes are drained and cut"
  ja     = "{path} が変わります。外れたアドレスを通る接続は切断されます"
  source = "A DisassociateNatGatewayAddress"
}

rule "aws_ec2_managed_prefix_list" "entry" {
  when   = removes(before, after)
  risk   = "interruption"
  en     = "ranges leave the list: routes and rules that use it do not cover them any more"
  ja     = "範囲がリストから外れ、これを使う経路やルールの対象でなくなります"
  source = "A ModifyManagedPrefixList"
}

rule "aws_dx_private_virtual_interface" "mtu" {
  types  = ["aws_dx_transit_virtual_interface", "aws_dx_hosted_private_virtual_interface", "aws_dx_hosted_transit_virtual_interface"]
  risk   = "interruption"
  en     = "{before} → {after} bytes interrupts all virtual interfaces of the connection for up to 30 seconds"
  ja     = "{before} → {after} バイトにすると、同じ接続のすべての仮想インターフェイスが最大 30 秒間止まります"
  source = "A Direct Connect API UpdateVirtualInterfaceAttributes"
}

rule "aws_dx_gateway_association" "allowed_prefixes" {
  types  = ["aws_dx_gateway_association_proposal"]
  when   = length(before) == 0 || removes(before, after)
  risk   = "interruption"
  en     = "ranges are not announced any more: {before} → {after}; hosts in them cannot be reached over Direct Connect"
  ja     = "広報する範囲が変わります: {before} → {after}。外れた範囲には Direct Connect 経由で届かなくなります"
  source = "A Direct Connect API UpdateDirectConnectGatewayAssociation"
}

rule "aws_dx_connection" "encryption_mode" {
  types  = ["aws_dx_lag"]
  risk   = "interruption"
  en     = "{before} → {after}: the link goes down where the two ends do not agree"
  ja     = "{before} → {after}: 両端の設定が合わないと、回線が切れます"
  source = "A Direct Connect API UpdateConnection, encryptionMode"
}

rule "aws_vpn_connection" "tunnels" {
  paths  = ["tunnel1_*", "tunnel2_*", "customer_gateway_id", "transit_gateway_id", "vpn_gateway_id", "local_ipv4_network_cidr", "remote_ipv4_network_cidr"]
  risk   = "interruption"
  en     = "{path} changes: tunnels of the VPN go down for some minutes"
  ja     = "{path} が変わります。VPN のトンネルが数分間切れます"
  source = "A ModifyVpnTunnelOptions, ModifyVpnConnection"
}

rule "aws_ec2_transit_gateway" "features_off" {
  types  = ["aws_ec2_transit_gateway_vpc_attachment", "aws_ec2_transit_gateway_vpc_attachment_accepter", "aws_ec2_transit_gateway_peering_attachment"]
  paths  = ["dns_support", "ipv6_support", "multicast_support"]
  when   = before == "enable" && after != "enable"
  risk   = "interruption"
  en     = "{path} is turned off: what needs it does not work through the transit gateway any more"
  ja     = "{path} を無効にします。これを使う通信は、トランジットゲートウェイ経由ではできなくなります"
  source = "A ModifyTransitGateway, ModifyTransitGatewayVpcAttachment"
}

rule "aws_dx_private_virtual_interface" "sitelink_enabled" {
  types  = ["aws_dx_transit_virtual_interface"]
  risk   = "interruption"
  en     = "{before} → {after}: traffic between sites goes another way, or stops"
  ja     = "{before} → {after}: 拠点間の通信の経路が変わるか、止まります"
  source = "A Direct Connect API UpdateVirtualInterfaceAttributes, enableSiteLink"
}

rule "aws_ec2_transit_gateway_prefix_list_reference" "blackhole" {
  on     = ["create", "update"]
  when   = isset(new("blackhole")) && !isset(old("blackhole"))
  risk   = "interruption"
  en     = "traffic to the ranges of {new.prefix_list_id} is dropped"
  ja     = "{new.prefix_list_id} の範囲への通信を遮断します"
  source = "A ModifyTransitGatewayPrefixListReference, Blackhole"
}

rule "aws_vpc_block_public_access_options" "blocks" {
  on     = ["create", "update"]
  paths  = ["internet_gateway_block_mode"]
  when   = str(after, "") != "off"
  risk   = "interruption"
  en     = "traffic of all VPCs of the Region with the internet is cut: {before} → {after}"
  ja     = "リージョンのすべての VPC で、インターネットとの通信を遮断します: {before} → {after}"
  source = "A EC2 API ModifyVpcBlockPublicAccessOptions"
}
