# What no switch changes.

# Once common is applied, write here what its output accelerator.listener_arn
# says: then a switch needs nothing of Tokyo.
# listener_arn = "arn:aws:globalaccelerator::123456789012:accelerator/…/listener/…"

account_id = "123456789012"
states = {
  tokyo = { bucket = "example-states-123456789012", region = "ap-northeast-1" }
  osaka = { bucket = "example-states-osaka-123456789012", region = "ap-northeast-3" }
}

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "production"
}
