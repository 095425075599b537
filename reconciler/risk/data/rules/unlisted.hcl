# What an argument is called, for all types. But for guards, these count only where no rule of a type,
# in a file before this one, is about the attribute, and know nothing where their condition is false.

rule "aws_*" "unguarded" {
  paths  = ["force_destroy", "force_delete", "skip_final_snapshot", "skip_final_backup", "cascade"]
  when   = !isset(before)
  risk   = "loss"
  guard  = true
  en     = "{path}: what is in it can be destroyed with it from now on, without a copy"
  ja     = "{path}: 今後は中身ごと、複製を残さずに削除できるようになります"
  source = "X the name of the argument; the provider's documentation of each type"
}

rule "aws_*" "unprotected" {
  paths  = ["deletion_protection", "deletion_protection_enabled", "delete_protection", "termination_protection", "*_change_protection", "final_snapshot"]
  when   = protects(before) && !protects(after)
  risk   = "loss"
  guard  = true
  en     = "{path}: takes a protection off; the next change can destroy it with what it holds"
  ja     = "{path}: 保護を外します。次の変更で中身ごと削除できるようになります"
  source = "X the name of the argument; the provider's documentation of each type"
}

rule "aws_*" "backups_shorter" {
  paths  = ["*snapshot*retention*", "*backup*retention*"]
  when   = num(after, 0) < num(before, 0)
  risk   = "loss"
  guard  = true
  en     = "{path}: {before} → {after}: backups that are older are deleted"
  ja     = "{path}: {before} → {after}: これを過ぎたバックアップを削除します"
  source = "X the name of the argument; the provider's documentation of each type"
}

rule "aws_*" "retention_shorter" {
  paths  = ["retention_period", "retention_days", "min_retention_days", "data_retention_in_hours", "retention_properties.*.magnetic_store_retention_period_in_days"]
  when   = num(after, 0) < num(before, 0)
  risk   = "loss"
  guard  = true
  en     = "{path}: {before} → {after}: what is older is deleted"
  ja     = "{path}: {before} → {after}: これを過ぎたものを削除します"
  source = "X the name of the argument; the provider's documentation of each type"
}

rule "aws_*" "off" {
  paths  = ["enabled", "is_enabled", "enable"]
  when   = isset(before) && !isset(after)
  risk   = "interruption"
  en     = "{path} is turned off: what it does ends"
  ja     = "{path} を無効にします。その働きが止まります"
  source = "X the name of the argument; the provider's documentation of each type"
}

rule "aws_*" "disabled" {
  paths  = ["is_disabled", "disabled"]
  when   = isset(after) && !isset(before)
  risk   = "interruption"
  en     = "{path} is turned on: what it disables ends"
  ja     = "{path} を有効にします。無効にされる働きが止まります"
  source = "X the name of the argument; the provider's documentation of each type"
}

rule "aws_*" "inactive" {
  paths  = ["status", "state"]
  when   = known(after) && protects(before) && !protects(after)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: what it does ends"
  ja     = "{path}: {before} → {after}: その働きが止まります"
  source = "X the name of the argument; the provider's documentation of each type"
}

rule "aws_*" "fewer" {
  paths  = ["*capacity", "desired_*", "scale", "provisioned_concurrent_executions", "node_count", "number_of_nodes", "instance_count", "target_capacity_specification.*.total_target_capacity"]
  when   = known(after) && num(after, -1) >= 0 && num(after, 0) < num(before, 0)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: there is less for the same work"
  ja     = "{path}: {before} → {after}: 同じ処理に使える数が減ります"
  source = "X the name of the argument; the provider's documentation of each type"
}

rule "aws_*" "policy_narrower" {
  paths  = ["policy", "policy_document", "access_policy", "access_policies", "resource_policy", "inline_policy"]
  when   = known(after) && (denies(before, after) || withdraws(before, after))
  risk   = "interruption"
  en     = "{path} does not allow all that it did: callers that need the rest are refused"
  ja     = "{path} で許可される操作が減ります。減った分を使う呼び出し元は拒否されます"
  source = "A IAM guide, policy evaluation; X the name of the argument"
}

rule "aws_*" "leaves_out" {
  paths  = ["users", "user_ids", "user_names", "groups", "secret_arn_list", "client_id_list", "capacity_providers"]
  when   = known(after) && removes(before, after)
  risk   = "interruption"
  en     = "{path}: {before} → {after}: who is left out is refused"
  ja     = "{path}: {before} → {after}: 外れたものは拒否されます"
  source = "X the name of the argument; the provider's documentation of each type"
}
