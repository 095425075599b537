package planjson

import (
	"encoding/json"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// StoredState is the part that is read of a state in the format in which Terraform stores it.
type StoredState struct {
	Resources []StoredResource
}

// StoredResource is a resource or a data source of such a state.
type StoredResource struct {
	Module, Mode, Type, Name string
	Instances                []struct {
		IndexKey   any `json:"index_key"` // nil without count and for_each
		Attributes json.RawMessage
	}
}

// ManagedAddresses returns the addresses of the resources in the state that Terraform manages.
func (s StoredState) ManagedAddresses() map[string]bool {
	addresses := map[string]bool{}
	for _, r := range s.Resources {
		if tfjson.ResourceMode(r.Mode) != tfjson.ManagedResourceMode {
			continue
		}
		address := strings.TrimPrefix(r.Module+"."+r.Type+"."+r.Name, ".")
		for _, instance := range r.Instances {
			key := ""
			if instance.IndexKey != nil {
				text, _ := json.Marshal(instance.IndexKey) // strings and numbers always encode
				key = "[" + string(text) + "]"
			}
			addresses[address+key] = true
		}
	}
	return addresses
}
