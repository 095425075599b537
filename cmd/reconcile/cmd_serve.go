package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/endpoint"
	"reconcile/cmd/reconcile/internal/page"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
)

// defaultPageAddress is where serve listens: only this machine reaches it.
const defaultPageAddress = "127.0.0.1:8082"

func newServeCommand(a *app) *cobra.Command {
	o := serveOptions{address: defaultPageAddress}
	c := &cobra.Command{
		Use:     "serve [ADDRESS]",
		GroupID: groupInspect,
		Short:   "Show the pages of the record in a browser, live",
		Long: `Show what --page writes, from the record as it is now, until SIGTERM or Ctrl-C:
what is applied, what waits and why. Nothing can be changed there.

It has no sign-in, so it listens on this machine only (default: ` + defaultPageAddress + `).
An address that others reach needs --expose, and something in front of it that
asks who they are. --host names the hosts that lead to it then; other names are
refused, but localhost and addresses are not.`,
		Example: `  reconcile serve
  reconcile serve 127.0.0.1:9000 --state dynamodb://reconcile
  reconcile serve 10.0.0.5:8082 --expose --host reconcile.example.com`,
		Args: rangeArgs(0, 1, "one address"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.address = args[0]
			}
			return runServe(c.Context(), a, o)
		},
	}
	c.Flags().BoolVar(&o.expose, "expose", false, "allow an address that others reach; all who reach it read the pages")
	c.Flags().StringSliceVar(&o.hosts, "host", nil, "name under which people open it, such as reconcile.example.com")
	return c
}

type serveOptions struct {
	address string
	expose  bool
	hosts   []string
}

func runServe(ctx context.Context, a *app, o serveOptions) error {
	isOpen, err := isReachable(ctx, o.address)
	if err != nil {
		return err
	}
	if isOpen && !o.expose {
		return usage.Errorf(fmt.Sprintf("use %s, or add --expose if something in front of it asks who reads", defaultPageAddress), "serve %s: others reach this address, and serve has no sign-in", o.address)
	}
	deps, err := a.open(ctx, wire.Snapshots)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	ctx, _, release := withSignals(ctx, gracePeriod, a.tr, func(string) {}) // there is nothing to wait for
	defer release()
	for i, host := range o.hosts {
		o.hosts[i] = strings.ToLower(host)
	}
	server, err := endpoint.Listen(a.log, a.err, a.tr, "serve", o.address, page.NewServer(deps.PageSite(), o.hosts, a.log))
	if err != nil {
		return err
	}
	defer server.Stop()
	if isOpen {
		a.log.Warn("all who reach this address read the pages: serve has no sign-in", "url", server.URL)
	}
	if a.wantsJSON() {
		if err := ui.PrintJSON(a.out, map[string]any{"url": server.URL}); err != nil {
			return err
		}
	} else {
		a.printf("the pages are at %s", server.URL)
		a.printHint("Ctrl-C ends it")
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-server.Failed:
		return fmt.Errorf("serve %s: %w", o.address, err)
	}
}

// isReachable reports whether other machines reach an address to listen on.
func isReachable(ctx context.Context, address string) (bool, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, usage.Errorf(fmt.Sprintf("give one such as `reconcile serve %s`", defaultPageAddress), "%q is no address with a port: %w", address, err)
	}
	if host == "" {
		return true, nil
	}
	found, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return false, usage.Errorf(fmt.Sprintf("give one such as `reconcile serve %s`", defaultPageAddress), "serve %s: %w", address, err)
	}
	for _, one := range found {
		if !one.IP.IsLoopback() {
			return true, nil
		}
	}
	return false, nil
}
