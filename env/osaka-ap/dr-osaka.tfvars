# Tokyo is lost: Osaka's database takes writes, and never follows again; what it has not
# received from Tokyo is lost (docs/drill.md). There are servers for Tokyo's clients, too. For
# `reconcile now --snapshot`, or copy the values into terraform.tfvars.

database = {
  engine         = "postgres"
  engine_version = "17"
  instance_class = "db.m8g.large"
  storage        = { size = 100, max = 1000 }
}

servers = {
  instance_type = "m7g.large"
  min           = 4
  max           = 8
}
