package main

// boundMemory does nothing: macOS cannot limit a process's memory.
func boundMemory(int) error { return nil }

// endWithParent does nothing: macOS has no such feature.
func endWithParent() error { return nil }
