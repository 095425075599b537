// Package run holds what every run of reconcile shares. A run is a pass, a plan, a drift
// check or a task. It has a configuration and options, events and a result, leases, and
// the errors that decide a workspace's outcome. What a run does with the workspaces is in
// the packages above.
package run
