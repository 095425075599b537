# Rules for the configuration in env and modules:
# https://github.com/terraform-linters/tflint-ruleset-terraform
plugin "terraform" {
  enabled = true
  preset  = "all"
}

# A workspace that has several concerns has a file for each, and no main.tf.
rule "terraform_standard_module_structure" {
  enabled = false
}

# A module that only calls others pins the provider as they do.
rule "terraform_unused_required_providers" {
  enabled = false
}
