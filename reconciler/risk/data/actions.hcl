# What an action does by itself, and the sentences of the lists in types.hcl. {what} is what
# a list says of the type; {path}, {before} and {after} are about the attribute that differs.
#
# Sources: D a page of the AWS provider's documentation, S its source, A a document of AWS,
# I an issue on GitHub, T Terraform's documentation or source, X experience, unchecked.

verdict "action" "create" {
  risk   = "update"
  en     = "is created"
  ja     = "作成されます"
  source = "T internals/json-format, change representation"
}

verdict "action" "update" {
  risk   = "update"
  en     = "is changed in place"
  ja     = "再作成せずに変更されます"
  source = "T internals/json-format, change representation"
}

verdict "action" "delete" {
  risk   = "destroy"
  en     = "is destroyed"
  ja     = "削除されます"
  source = "T internals/json-format, change representation"
}

verdict "action" "replace" {
  risk   = "replace"
  en     = "is destroyed and created again"
  ja     = "削除され、再作成されます"
  source = "T internals/json-format, change representation"
}

verdict "action" "abandon" {
  risk   = "interruption"
  en     = "is created again; the one that exists stays, and Terraform forgets it"
  ja     = "もう 1 つ作成されます。今あるものは残り、Terraform の管理から外れます"
  source = "T language/resources/destroy, destroy = false"
}

verdict "action" "recreate" {
  risk   = "interruption"
  en     = "is created again, because it is not found any more; where the provider looks in another Region or account than before, what exists there stays, and Terraform forgets it"
  ja     = "見つからなくなったため、もう一度作成されます。プロバイダーのリージョンやアカウントが変わった場合、元の場所にあるものは残り、Terraform の管理から外れます"
  source = "T internals/json-format, resource_drift"
}

verdict "action" "forget" {
  risk   = "none"
  en     = "stays as it is, and Terraform forgets it"
  ja     = "今のまま残り、Terraform の管理から外れます"
  source = "T language/block/removed"
}

verdict "action" "import" {
  risk   = "none"
  en     = "exists already and is imported as it is"
  ja     = "すでにあるものを、そのまま取り込みます"
  source = "T language/import"
}

verdict "action" "move" {
  risk   = "none"
  en     = "only gets another address in the state"
  ja     = "ステート内のアドレスだけが変わります"
  source = "T language/modules/develop/refactoring"
}

verdict "action" "defer" {
  risk   = "none"
  en     = "is left to a later plan by Terraform"
  ja     = "Terraform が後のプランに回します"
  source = "T internals/json-format, deferred changes"
}

verdict "action" "unknown" {
  risk   = "interruption"
  en     = "is changed in a way that this version does not know"
  ja     = "このバージョンが知らない方法で変更されます"
  source = "X what is not known is the worst that the way leaves open"
}

verdict "action" "invoke" {
  risk   = "interruption"
  en     = "runs an action; what it does cannot be read from the plan"
  ja     = "アクションを実行します。その内容はプランからは読み取れません"
  source = "T language/invoke-actions"
}

verdict "action" "provisioner" {
  risk   = "interruption"
  en     = "runs a program ({what}); what it does cannot be read from the plan"
  ja     = "プログラム（{what}）を実行します。その内容はプランからは読み取れません"
  source = "T language/provisioners"
}

verdict "action" "read-program" {
  risk   = "interruption"
  en     = "runs {what} during the apply; what it does cannot be read from the plan"
  ja     = "適用中に{what}を実行します。その内容はプランからは読み取れません"
  source = "X data sources that run code"
}

verdict "action" "same" {
  risk   = "none"
  en     = "only values that AWS sets differ"
  ja     = "AWS が設定する値だけが変わります"
  source = "S attributes that are computed and not optional, from terraform providers schema -json"
}

verdict "action" "invisible" {
  risk   = "update"
  en     = "is changed in place; the values that the plan shows stay the same"
  ja     = "再作成せずに変更されます。プランに表示される値は変わりません"
  source = "T marks of sensitive values, write-only arguments, a list without an order"
}

verdict "action" "harmless" {
  risk   = "update"
  en     = "{path} changes without an interruption"
  ja     = "{path} は中断なしで変わります"
  source = "X harmless.hcl names the source of each attribute"
}

verdict "action" "otherwise" {
  risk   = "update"
  en     = "{path}: {before} → {after}"
  ja     = "{path}: {before} → {after}"
  source = "X the rule that knows the attribute names its source"
}

verdict "action" "unjudged" {
  risk   = "update"
  en     = "{path}: {before} → {after}; no rule knows what this does"
  ja     = "{path}: {before} → {after}。影響を判定するルールがありません"
  source = "X an attribute without a rule"
}

verdict "action" "unjudged-data" {
  risk   = "interruption"
  en     = "{path}: {before} → {after}; no rule knows what this does, and the resource holds data"
  ja     = "{path}: {before} → {after}。影響を判定するルールがなく、リソースはデータを持っています"
  source = "X an attribute without a rule, of a type that holds data"
}

verdict "action" "unjudged-identity" {
  risk   = "interruption"
  en     = "{path}: {before} → {after}; no rule knows what this does, and the resource is known to others by its identity"
  ja     = "{path}: {before} → {after}。影響を判定するルールがなく、リソースの識別子は外部から使われています"
  source = "X an attribute without a rule, of a type that holds an identity"
}

verdict "action" "unjudged-traffic" {
  risk   = "interruption"
  en     = "{path}: {before} → {after}; no rule knows what this does, and the resource carries traffic"
  ja     = "{path}: {before} → {after}。影響を判定するルールがなく、リソースは通信を扱っています"
  source = "X an attribute without a rule, of a type that carries traffic"
}

verdict "list" "data-delete" {
  risk   = "loss"
  en     = "destroys {what}, which cannot be had back"
  ja     = "{what}を削除します。元には戻せません"
  source = "X types.hcl names the source of each type"
}

verdict "list" "data-replace" {
  risk   = "loss"
  en     = "destroys {what}, which cannot be had back, and creates an empty one"
  ja     = "{what}を削除し、空のものを再作成します。元には戻せません"
  source = "X types.hcl names the source of each type"
}

verdict "list" "identity-delete" {
  risk   = "loss"
  en     = "gives up {what}, which cannot be had back"
  ja     = "{what}を手放します。同じものは再び得られません"
  source = "X types.hcl names the source of each type"
}

verdict "list" "identity-replace" {
  risk   = "loss"
  en     = "gives up {what}, which cannot be had back, for another"
  ja     = "{what}を手放し、別のものに替えます。同じものは再び得られません"
  source = "X types.hcl names the source of each type"
}

verdict "list" "traffic-delete" {
  risk   = "destroy"
  en     = "is destroyed: {what} ends"
  ja     = "削除されます。{what}が止まります"
  source = "X types.hcl names the source of each type"
}

verdict "list" "traffic-replace" {
  risk   = "replace"
  en     = "is destroyed and created again: {what} stops between the two"
  ja     = "削除され、再作成されます。その間、{what}が止まります"
  source = "X types.hcl names the source of each type"
}

verdict "list" "routine-replace" {
  risk   = "update"
  en     = "is replaced, as every change of it does"
  ja     = "再作成されます。この種類の変更はいつも再作成になります"
  source = "X types.hcl names the source of each type"
}
