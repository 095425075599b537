package self

// Hide does nothing: macOS always lets a process read the environment of another
// process of the same user.
func Hide() {}

// BoundMemory does nothing: macOS cannot limit a process's memory.
func BoundMemory(int) error { return nil }

// EndWithParent does nothing: macOS has no such feature.
func EndWithParent() error { return nil }
