# Back to Tokyo, whose database follows Osaka's and has all its data
# (docs/drill.md, "Back to Tokyo"). Osaka keeps its weight and its dial, so that no
# client is lost in between; the next step removes it. Copy this file over
# terraform.tfvars. If tokyo-ap-B is the live side, write B for A.

endpoints = {
  tokyo-ap-A = { region = "ap-northeast-1" }
  osaka-ap   = { region = "ap-northeast-3", standby = true }
}

# Tokyo's side has to join before the traffic can move in steps. Writes are not possible
# on the way, so it goes at once.
from = { osaka-ap = 100 }
to   = { tokyo-ap-A = 100 }

# Osaka's dial stays until the next step, which removes osaka-ap and this line, and writes
# tokyo-ap-A into from. So at no moment are all dials 0.
raised = ["ap-northeast-3"]

read = ["common", "tokyo-ap-A", "tokyo-ap-B", "osaka-ap"]
