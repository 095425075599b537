package main

// hide does nothing: macOS always lets a process read the environment of another
// process of the same user.
func hide() {}

// boundMemory does nothing: macOS cannot limit a process's memory.
func boundMemory(int) error { return nil }

// endWithParent does nothing: macOS has no such feature.
func endWithParent() error { return nil }
