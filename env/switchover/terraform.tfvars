# The distribution of traffic. Edit this file for a switchover: docs/drill.md
# has the steps. Raise first, apply, then lower.

# The percentage of a Region's traffic that the Region takes. At 0 it still
# takes over when no other Region can.
dials = {
  ap-northeast-1 = 100 # Tokyo
  ap-northeast-3 = 0   # Osaka
}

# Weights within a Region, 0 to 255. A side that is not listed never gets
# traffic.
endpoints = {
  tokyo-ap-A = { region = "ap-northeast-1", weight = 100 }
  osaka-ap   = { region = "ap-northeast-3", weight = 100 }
}

# Workspaces whose states are read for checks. Remove those whose Region does
# not answer.
read = ["common", "tokyo-ap-A", "tokyo-ap-B", "osaka-ap"]
