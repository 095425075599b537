# Back to Tokyo, whose database follows Osaka's and has all its data
# (docs/drill.md, "Back to Tokyo"). Osaka keeps its weight, so that no client is
# lost in between; the next step removes it. Copy this file over
# terraform.tfvars. If tokyo-ap-B is the live side, write B for A.

dials = {
  ap-northeast-1 = 100
  ap-northeast-3 = 0
}

endpoints = {
  tokyo-ap-A = { region = "ap-northeast-1", weight = 100 }
  osaka-ap   = { region = "ap-northeast-3", weight = 100 }
}

read = ["common", "tokyo-ap-A", "tokyo-ap-B", "osaka-ap"]
