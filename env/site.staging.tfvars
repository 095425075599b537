# The same for staging, a second account (reconcile.hcl, environment "staging").
site = {
  account_id = "210987654321"
  prefix     = "example" # of names that must be unique in all of AWS

  regions = {
    tokyo = "ap-northeast-1"
    osaka = "ap-northeast-3"
  }

  # Zones by letter. An id means the same zone in every account, a name does not.
  zones = {
    tokyo = { a = "apne1-az4", c = "apne1-az1" }
    osaka = { a = "apne3-az3", b = "apne3-az1" }
  }

  # The shop's name, and its public hosted zone in this account.
  domain  = "shop.staging.example.com"
  zone_id = "Z0987654321JIHGFEDCBA"
  record  = true # false, if another record of the name is still in use

  # This repository in Backlog.
  repository = "https://example.backlog.com/git/INFRA/estate.git"

  # Who is notified of alarms.
  alarm_subscriptions = {
    operators = { protocol = "email", endpoint = "operators@example.com" }
  }

  # For the case that Session Manager is down.
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAH5w09pUo6oanwlvjClrYQuMBegvDBOzMIRDrgJK+r0 operators@example.com"

  # Images of the servers, by Region. A side's own values may name another one.
  images = {
    tokyo = "ami-0a1b2c3d4e5f60718"
    osaka = "ami-0f6e5d4c3b2a10987"
  }

  # No line into a data centre.
  connect           = null
  hosted_interfaces = {}
}
