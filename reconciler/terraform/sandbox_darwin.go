package terraform

// restrictPorts does nothing: there is no sandbox that would need it.
func restrictPorts([]uint16) error { return nil }
