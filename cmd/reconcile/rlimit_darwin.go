package main

// boundMemory does nothing: macOS bounds no process's memory.
func boundMemory(int) error { return nil }

// endWithParent does nothing: macOS has no such thing.
func endWithParent() error { return nil }
