account_id = "210987654321"

domain = {
  name    = "shop.staging.example.com"
  zone_id = "Z0987654321JIHGFEDCBA"
}

backups = {
  nightly = { cron = "30 2 * * ? *", keep_days = 7, copy_keep_days = 7 }
}

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "staging"
}
