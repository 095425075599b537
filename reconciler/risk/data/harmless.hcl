# Attributes that AWS changes in place without an interruption.

harmless "aws_*" "tags" {
  paths  = ["tags", "tags_all", "description", "timeouts"]
  source = "A Resource Groups Tagging API; a description is read by people only; timeouts are Terraform's"
}
