account_id = "210987654321"
states = {
  tokyo = { bucket = "example-states-210987654321", region = "ap-northeast-1" }
  osaka = { bucket = "example-states-osaka-210987654321", region = "ap-northeast-3" }
}

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "staging"
}
