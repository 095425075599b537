servers = {
  image_id      = "ami-0a1b2c3d4e5f60718"
  instance_type = "t4g.small"
  min           = 2
  max           = 4
}

account_id = "210987654321"
states = {
  tokyo = { bucket = "example-states-210987654321", region = "ap-northeast-1" }
  osaka = { bucket = "example-states-osaka-210987654321", region = "ap-northeast-3" }
}

tags = {
  Owner       = "shop"
  DataClass   = "internal"
  Environment = "staging"
}
