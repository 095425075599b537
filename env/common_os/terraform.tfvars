network = {
  cidr = "10.16.0.0/16"
  asn  = 64513
  zones = {
    a = { number = 0 }
    b = { number = 1 }
  }
}

inside = { private = "10.0.0.0/8" }
beyond = { premises = "172.16.0.0/12" }

clients = {
  osaka    = "10.17.0.0/16"
  premises = "172.16.0.0/12"
}

# Another ASN than that of tokyo's gateways.
premises = { vpg_asn = 64516 }

# The standby's way out and its webhook, for a disaster: docs/drill.md.
standby_egress = false
webhook        = false

pipeline = {
  # Backlog's source addresses, from copies of its help article. Compare them
  # with the article.
  clients = [
    "13.112.1.142", "13.112.137.175", "13.112.147.36", "18.182.251.152",
    "34.211.15.3", "35.160.57.23", "52.192.156.153", "52.197.88.78",
    "52.68.247.253", "52.88.47.69", "54.168.25.33", "54.178.230.204",
    "54.178.233.194", "54.238.175.47", "54.64.128.240", "54.68.48.106",
  ]
}

# Logs of generations that exist or come next. An empty group costs nothing.
databases = { shop = { generations = 3, logs = ["postgresql", "upgrade"] } }

tags = {
  Owner       = "platform"
  DataClass   = "confidential"
  Environment = "production"
}
