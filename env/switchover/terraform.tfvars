# Who gets traffic. This is the file to edit for a switch: docs/drill.md has the
# steps. Raise first, apply, then lower.

# Of the traffic on its way to a Region, the part that it takes, in percent. At
# 0 a Region still takes over when no other can.
dials = {
  ap-northeast-1 = 100 # Tokyo
  ap-northeast-3 = 0   # Osaka
}

# Within a Region by weight, 0 to 255. Who is not here gets nothing, whatever
# happens.
endpoints = {
  tokyo-ap-A = { region = "ap-northeast-1", weight = 100 }
  osaka-ap   = { region = "ap-northeast-3", weight = 100 }
}

# Who is asked whether all this holds. Take out whose Region does not answer.
read = ["common", "tokyo-ap-A", "tokyo-ap-B", "osaka-ap"]
