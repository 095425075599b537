# What an argument is called, for all types: a rule about one type, in a file before this one,
# goes first where both say the same.

rule "aws_*" "unguarded" {
  paths  = ["force_destroy", "force_delete", "skip_final_snapshot", "skip_final_backup"]
  when   = !isset(before)
  risk   = "loss"
  guard  = true
  en     = "{path}: what is in it can be destroyed with it from now on, without a copy"
  ja     = "{path}: 今後は中身ごと、複製を残さずに削除できるようになります"
  source = "X the name of the argument; the provider's documentation of each type"
}

rule "aws_*" "unprotected" {
  paths  = ["deletion_protection", "deletion_protection_enabled", "delete_protection", "final_snapshot"]
  when   = isset(before) && before != "INACTIVE" && (!isset(after) || after == "INACTIVE")
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
