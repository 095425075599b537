# In Japan's time, after the windows of the databases (modules/rds). On the
# first of a month the monthly backup takes the place of the nightly one.
backups = {
  nightly = { cron = "0 5 2-31 * ? *", keep_days = 35, copy_keep_days = 35 }
  monthly = { cron = "0 5 1 * ? *", keep_days = 400, copy_keep_days = 400 }
}

webhook = true

pipeline = {
  # Backlog's source addresses, from copies of its help article. Compare them
  # with the article.
  clients = [
    "13.112.1.142", "13.112.137.175", "13.112.147.36", "18.182.251.152",
    "34.211.15.3", "35.160.57.23", "52.192.156.153", "52.197.88.78",
    "52.68.247.253", "52.88.47.69", "54.168.25.33", "54.178.230.204",
    "54.178.233.194", "54.238.175.47", "54.64.128.240", "54.68.48.106",
  ]
}

# Logs of generations that exist or come next. An empty group costs nothing.
databases = { shop = { generations = 3, logs = ["postgresql", "upgrade"] } }

tags = {
  Owner       = "platform"
  DataClass   = "confidential"
  Environment = "production"
}
