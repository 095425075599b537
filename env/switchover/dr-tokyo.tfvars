# Back to Tokyo, whose database has followed Osaka's and has all of it. Osaka
# stays as it is for failover until this has proven itself. Copy this over
# terraform.tfvars; if tokyo-ap-B is the side that is live, write B for A.

dials = {
  ap-northeast-1 = 100
  ap-northeast-3 = 0
}

endpoints = {
  tokyo-ap-A = { region = "ap-northeast-1", weight = 100 }
  osaka-ap   = { region = "ap-northeast-3", weight = 100 }
}

read = ["common", "tokyo-ap-A", "tokyo-ap-B", "osaka-ap"]
