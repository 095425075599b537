output "name" {
  description = "Name of the key."
  value       = aws_key_pair.this.key_name
}

output "fingerprint" {
  description = "Fingerprint of the key, to compare with what its owner has."
  value       = aws_key_pair.this.fingerprint
}
