# Tokyo is lost: all traffic goes to Osaka, and nothing in Tokyo is read.
# Promote the database first (env/osaka-ap). Copy this file over
# terraform.tfvars. There are no steps: nobody else can serve.

# Tokyo's sides are removed. If they came back by themselves, they would write
# to a database that has no replica any more.
endpoints = {
  osaka-ap = { region = "ap-northeast-3", standby = true }
}

from = { osaka-ap = 100 }
to   = { osaka-ap = 100 }

# Tokyo's dial stays. Were it lowered in the same apply, in no order, there would be a moment
# in which all dials are 0. A Region without endpoints gets no traffic, whatever its dial.
raised = ["ap-northeast-1"]

read = ["osaka-ap"]
