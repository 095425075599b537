account_id = "210987654321"

domain = {
  name    = "shop.staging.example.com"
  zone_id = "Z0987654321JIHGFEDCBA"
  record  = true
}

backups = {
  nightly = { cron = "0 5 * * ? *", keep_days = 7, copy_keep_days = 7 }
}

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "staging"
}
