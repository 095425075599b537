name       = "shop-osaka"
mode       = "live"    # live | retiring | absent; from live to absent through retiring
generation = 1         # raise it each time the side becomes live
admit      = "clients" # accelerator, once switchover has added the side: nobody gets past it then

# Remove replica_of to promote the database. This is permanent: it never follows
# again, and data that it has not received from Tokyo by then is lost.
database = {
  replica_of     = "shop"
  engine         = "postgres"
  engine_version = "17"
  instance_class = "db.m8g.large"
  storage        = { size = 100, max = 1000 }
}

cidr = "10.17.0.0/16"
zones = {
  a = { number = 0 }
  b = { number = 1 }
}

servers = {
  instance_type = "m7g.large"
  min           = 2
  max           = 8
}

inside = {
  private  = "10.0.0.0/8"
  premises = "172.16.0.0/12"
}

clients = { premises = "172.16.0.0/12" }

# Locations of Osaka's data and of tokyo's database.
reaches = {
  osaka-database = { description = "Database in Osaka", number = 1000, ports = "5432", cidr = "10.16.8.0/22" }
  osaka-files    = { description = "Files in Osaka", number = 1010, ports = "2049", cidr = "10.16.8.0/22" }
  tokyo-database = { description = "Database in Tokyo", number = 1020, ports = "5432", cidr = "10.0.8.0/22" }
}

# The user that the application runs as, as in the image.
files = { uid = 1500, gid = 1500 }

tags = {
  Owner       = "shop"
  DataClass   = "internal"
  Environment = "production"
}
