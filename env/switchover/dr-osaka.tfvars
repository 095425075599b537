# Tokyo is lost: all go to Osaka, and nothing of Tokyo is asked. Promote the
# database first (env/osaka-ap). Copy this over terraform.tfvars.

dials = {
  ap-northeast-1 = 0
  ap-northeast-3 = 100
}

# Tokyo's sides are out: back by themselves, they would write to a database that
# nobody follows any more.
endpoints = {
  osaka-ap = { region = "ap-northeast-3", weight = 100 }
}

read = ["osaka-ap"]
