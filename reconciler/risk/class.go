package risk

import (
	"fmt"
	"slices"
	"strings"
)

// Class says how bad a change can be for what runs. A greater class is worse.
type Class int

// The classes, from the mildest to the worst.
const (
	None         Class = iota // nothing changes outside Terraform's state
	Update                    // changed without an interruption that is known
	Interruption              // something that runs stops, restarts, or loses traffic
	Replace                   // destroyed and made again
	Destroy                   // removed
	Loss                      // data, or an identity, that cannot be had back
)

var classNames = []string{"none", "update", "interruption", "replace", "destroy", "loss"}

// NeedsApproval reports whether a change of this class waits for a person by default.
func (c Class) NeedsApproval() bool { return c > Update }

// String returns the name of the class, such as "interruption".
func (c Class) String() string {
	if c < None || c > Loss {
		return fmt.Sprintf("Class(%d)", int(c))
	}
	return classNames[c]
}

// MarshalText returns the name of the class.
func (c Class) MarshalText() ([]byte, error) {
	if c < None || c > Loss {
		return nil, fmt.Errorf("%d is no class of risk", int(c))
	}
	return []byte(c.String()), nil
}

// UnmarshalText reads the name of a class.
func (c *Class) UnmarshalText(text []byte) (err error) {
	*c, err = ParseClass(string(text))
	return err
}

// ParseClass returns the class of a name.
func ParseClass(name string) (Class, error) {
	i := slices.Index(classNames, name)
	if i < 0 {
		return None, fmt.Errorf("%q is no class of risk: use one of %s", name, strings.Join(classNames, ", "))
	}
	return Class(i), nil
}
