# The distribution of traffic. A switchover is one edit of this file: from becomes what
# to was, and to says who shall have it. docs/drill.md has the steps.

# Sides that the accelerator knows. Without a share, a side gets no traffic; a standby
# still takes over when the other Region cannot.
endpoints = {
  tokyo-ap-A = { region = "ap-northeast-1" }
  osaka-ap   = { region = "ap-northeast-3", standby = true }
}

# Percentages of all traffic, before and after.
from = { tokyo-ap-A = 100 }
to   = { tokyo-ap-A = 100 }

# Workspaces whose states are read for checks. Remove those whose Region does
# not answer.
read = ["common", "tokyo-ap-A", "tokyo-ap-B", "osaka-ap"]
