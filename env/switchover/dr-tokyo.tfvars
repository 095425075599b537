# Back to Tokyo, whose database follows Osaka's and has all of it (docs/drill.md,
# "Back to Tokyo"). Osaka keeps its weight, so that nobody is lost on the way;
# it is taken out in the next step. Copy this over terraform.tfvars; if
# tokyo-ap-B is the side that is live, write B for A.

dials = {
  ap-northeast-1 = 100
  ap-northeast-3 = 0
}

endpoints = {
  tokyo-ap-A = { region = "ap-northeast-1", weight = 100 }
  osaka-ap   = { region = "ap-northeast-3", weight = 100 }
}

read = ["common", "tokyo-ap-A", "tokyo-ap-B", "osaka-ap"]
