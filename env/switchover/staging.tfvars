tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "staging"
}
