// Package run is what every run of reconcile shares, be it a pass, a plan, a drift check
// or a task: its configuration and options, its events and result, its leases, and the
// errors that decide a workspace's outcome. It knows no workspaces.
package run
