name       = "shop-a"
mode       = "live"    # live | retiring | absent; from live to absent through retiring
generation = 1         # raise it each time the side becomes live
admit      = "clients" # accelerator, once switchover has added the side: nobody gets past it then

cidr = "10.1.0.0/16"
zones = {
  a = { number = 0 }
  c = { number = 1 }
}

servers = {
  instance_type = "m8g.large"
  min           = 2
  max           = 8
}

inside = {
  private  = "10.0.0.0/8"
  premises = "172.16.0.0/12"
}

# Locations of tokyo's data.
reaches = {
  tokyo-database = { description = "Database in Tokyo", number = 1000, ports = "5432", cidr = "10.0.8.0/22" }
  tokyo-files    = { description = "Files in Tokyo", number = 1010, ports = "2049", cidr = "10.0.8.0/22" }
}

tags = {
  Owner       = "shop"
  DataClass   = "internal"
  Environment = "production"
}
