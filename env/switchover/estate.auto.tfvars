# Values that no switchover changes.

# Once common is applied, write its output accelerator.listener_arn here. Then a
# switchover needs nothing in Tokyo.
# listener_arn = "arn:aws:globalaccelerator::ACCOUNT:accelerator/…/listener/…"

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "production"
}
