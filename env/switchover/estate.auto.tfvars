# Values that no switchover changes.

# Once common is applied, write its output accelerator.listener_arn here. Then a
# switchover needs nothing in Tokyo.
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
