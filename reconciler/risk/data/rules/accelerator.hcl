# Global Accelerator: who gets the traffic.

rule "aws_globalaccelerator_endpoint_group" "traffic_dial_percentage" {
  risk   = "interruption"
  en     = "the traffic dial moves from {before} to {after}: new connections go elsewhere"
  ja     = "トラフィックダイヤルが {before} から {after} に変わり、新しい接続の行き先が変わります"
  source = "A Global Accelerator guide, traffic-dial"
}

rule "aws_globalaccelerator_endpoint_group" "weights" {
  paths  = ["endpoint_configuration"]
  when   = traffic(before, after, "endpoint_id", "weight")
  risk   = "interruption"
  en     = "the shares of the endpoints move: {before} → {after}"
  ja     = "エンドポイントの配分が変わります: {before} → {after}"
  source = "A Global Accelerator guide, endpoint-weights"
}
