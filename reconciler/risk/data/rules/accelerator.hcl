# Global Accelerator: who gets the traffic. "A" is its developer guide.

rule "aws_globalaccelerator_endpoint_group" "traffic_dial_percentage" {
  risk   = "interruption"
  en     = "the traffic dial moves from {before} to {after}: new connections go elsewhere"
  ja     = "トラフィックダイヤルが {before} から {after} に変わり、新しい接続の行き先が変わります"
  source = "A traffic-dial"
}

rule "aws_globalaccelerator_endpoint_group" "weights" {
  paths  = ["endpoint_configuration"]
  when   = traffic(before, after, "endpoint_id", "weight")
  risk   = "interruption"
  en     = "the weights of the endpoints move: {weights}; new connections go elsewhere"
  ja     = "エンドポイントの重みが変わり（{weights}）、新しい接続の行き先が変わります"
  source = "A endpoint-weights; S globalaccelerator/endpoint_group.go: what is omitted is sent as 0"
}

rule "aws_globalaccelerator_endpoint_group" "client_ip" {
  paths  = ["endpoint_configuration"]
  when   = changesin(before, after, "endpoint_id", "client_ip_preservation_enabled")
  risk   = "interruption"
  en     = "endpoints see other source addresses than before; a security group that admits the old ones refuses the new"
  ja     = "エンドポイントから見える送信元アドレスが変わります。今のアドレスだけを許可するセキュリティグループは、新しいアドレスを拒否します"
  source = "A preserve-client-ip-address"
}

rule "aws_globalaccelerator_endpoint_group" "health_check" {
  paths  = ["health_check_interval_seconds", "health_check_path", "health_check_port", "health_check_protocol", "threshold_count"]
  risk   = "interruption"
  en     = "{path}: {before} → {after} can turn endpoints unhealthy, which moves their traffic"
  ja     = "{path}: {before} → {after} によりエンドポイントが異常と判定され、通信が移ることがあります"
  source = "A endpoint-groups-health-check-options"
}

rule "aws_globalaccelerator_endpoint_group" "create_with_traffic" {
  on     = ["create"]
  when   = num(new("traffic_dial_percentage"), 100) > 0 && sumof(new("endpoint_configuration"), "weight") > 0
  risk   = "interruption"
  en     = "the new group takes traffic at once: dial {new.traffic_dial_percentage}, endpoints with a weight above 0"
  ja     = "新しいグループにすぐ通信が流れます。ダイヤル {new.traffic_dial_percentage}、重みが 0 より大きいエンドポイントあり"
  source = "A traffic-dial: the default is 100"
}

rule "aws_globalaccelerator_accelerator" "enabled" {
  types  = ["aws_globalaccelerator_custom_routing_accelerator"]
  when   = !isset(after)
  risk   = "interruption"
  en     = "the accelerator is disabled: its fixed addresses answer nobody"
  ja     = "アクセラレーターを無効にします。固定アドレスは応答しなくなります"
  source = "A Global Accelerator API UpdateAccelerator, Enabled"
}

rule "aws_globalaccelerator_accelerator" "ip_address_type" {
  risk   = "interruption"
  en     = "{before} → {after}: addresses of the accelerator come or go"
  ja     = "{before} → {after}: アクセラレーターのアドレスが増減します"
  source = "A Global Accelerator API UpdateAccelerator, IpAddressType"
}

rule "aws_globalaccelerator_listener" "ports" {
  paths  = ["port_range", "protocol"]
  when   = length(before) == 0 || removes(before, after)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: connections to what is left out are refused"
  ja     = "{path}: {before} → {after}: 外れたものへの接続は拒否されます"
  source = "A Global Accelerator API UpdateListener, PortRanges, Protocol"
}

rule "aws_globalaccelerator_listener" "client_affinity" {
  risk   = "interruption"
  en     = "{before} → {after}: clients can be sent to other endpoints than before"
  ja     = "{before} → {after}: クライアントの接続先のエンドポイントが変わることがあります"
  source = "A listeners-client-affinity"
}

rule "aws_globalaccelerator_endpoint_group" "port_override" {
  risk   = "interruption"
  en     = "traffic goes to other ports of the endpoints: {before} → {after}"
  ja     = "エンドポイントの別のポートに通信が送られます: {before} → {after}"
  source = "A endpoint-groups, port overrides"
}
