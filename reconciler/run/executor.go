package run

import (
	"context"
	"errors"
)

// ErrTransient is an Executor's error that may pass by itself, such as throttling. It
// says nothing about the task.
var ErrTransient = errors.New("the executor is not available now")

// Executor starts work in another process: a CodeBuild build or an ECS task. Without an
// Executor, the work runs in this process.
type Executor interface {
	// Start starts `reconcile COMMAND…` and returns the executor's id for it. A second
	// call with the same key must return the same task, for as long as the executor
	// remembers keys: minutes at least.
	Start(ctx context.Context, key string, command []string) (id string, err error)
	// Status reports whether a started task has ended, successfully or not. why
	// describes the end for people. The error wraps ErrTransient if another try may
	// succeed.
	Status(ctx context.Context, id string) (status TaskStatus, why string, err error)
}

// TaskStatus is an executor's answer about a task.
type TaskStatus int

// Statuses of tasks.
const (
	TaskRunning  TaskStatus = iota // or about to run
	TaskEnded                      // no process of it runs any more
	TaskNotFound                   // not known yet, or not known any more
)
