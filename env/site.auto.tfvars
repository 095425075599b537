# What is yours. A fork changes this file and no other value: every workspace reads it
# through the link of the same name in its folder. Then run `sh env/images.sh` and
# `sh env/fill.sh` (docs/bootstrap.md, step 1).
site = {
  account_id = "123456789012"
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
  domain  = "shop.example.com"
  zone_id = "Z0123456789ABCDEFGHIJ"
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

  # The other account, which owns the line into your data centre: its role, and the
  # interfaces that it has created for this account. Without a line: connect = null,
  # hosted_interfaces = {}, and premises = null in env/tokyo and env/common_os.
  connect = {
    role_arn    = "arn:aws:iam::111122223333:role/network-operators"
    external_id = "example-estate-connect"
  }
  hosted_interfaces = {
    primary   = "dxvif-fg7xk3qa"
    secondary = "dxvif-fg9mz2wd"
  }
}
