backups = {
  nightly = { cron = "0 5 * * ? *", keep_days = 7, copy_keep_days = 7 }
}

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "staging"
}
