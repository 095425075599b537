servers = {
  instance_type = "t4g.small"
  min           = 2
  max           = 4
}

tags = {
  Owner       = "shop"
  DataClass   = "internal"
  Environment = "staging"
}
