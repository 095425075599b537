variable "name" {
  description = "Name of the key. Changing it replaces the key, as changing the key does."
  type        = string

  validation {
    condition     = can(regex("^[!-~]([ -~]{0,253}[!-~])?$", var.name))
    error_message = "name is up to 255 ASCII characters, without blanks at its ends."
  }
}

variable "public_key" {
  description = "Public key in OpenSSH's format: Ed25519, or RSA of 3072 bits or more."
  type        = string

  validation {
    condition     = !strcontains(var.public_key, "PRIVATE KEY")
    error_message = "This is a private key. Now that it was written here, it is known: make a new one, and give its public half."
  }

  validation {
    condition     = strcontains(var.public_key, "PRIVATE KEY") || can(regex("^ssh-(ed25519|rsa) [A-Za-z0-9+/]+={0,2}( .*)?$", trimspace(var.public_key)))
    error_message = "public_key is a line that begins with ssh-ed25519 or ssh-rsa: EC2 takes no other."
  }

  # 4 characters encode 3 bytes: 3072 bits with their encoding are 544
  # characters.
  validation {
    condition     = !startswith(var.public_key, "ssh-rsa ") || length(try(split(" ", trimspace(var.public_key))[1], "")) >= 544
    error_message = "An RSA key needs 3072 bits or more. Better: ssh-keygen -t ed25519."
  }
}

variable "tags" {
  description = "Tags of all resources in the module: Owner, DataClass (public, internal, confidential or restricted), Environment, and others."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for key in ["Owner", "DataClass", "Environment"] : try(length(var.tags[key]) > 0, false)])
    error_message = "tags needs Owner, DataClass and Environment, none of them empty."
  }

  validation {
    condition     = contains(["public", "internal", "confidential", "restricted"], try(var.tags.DataClass, "public"))
    error_message = "The tag DataClass is public, internal, confidential or restricted."
  }
}
