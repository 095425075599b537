// Command sbom writes what a program of Go is made of as an SPDX document: its modules,
// with their licences, and the standard library.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"reconcile/internal/release"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: sbom GOOS GOARCH VERSION FILE.spdx.json")
		os.Exit(64)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

// run writes the document of the program for one platform; it is run in dist.
func run(system, arch, version, target string) error {
	created, err := readEpoch()
	if err != nil {
		return err
	}
	list, err := listComponents("cyclonedx-gomod", []string{"GOOS=" + system, "GOARCH=" + arch}, "-std", "-main", "cmd/reconcile", "..")
	if err != nil {
		return err
	}
	list.Metadata.Component.Version = version // else a pseudo-version of the commit
	document, err := release.FormatSPDX(list, strings.TrimSuffix(filepath.Base(target), ".spdx.json"), created)
	if err != nil {
		return err
	}
	return os.WriteFile(target, document, 0o644) // #nosec G306 -- published
}

// readEpoch returns the time of the document, which SOURCE_DATE_EPOCH says: the same
// program has the same document (https://reproducible-builds.org/specs/source-date-epoch/).
func readEpoch() (time.Time, error) {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is the time of the document: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// listComponents asks cyclonedx-gomod, the tool, for what a program is made of.
func listComponents(tool string, env []string, args ...string) (list release.Components, err error) {
	args = append([]string{"app", "-json", "-licenses"}, args...)
	c := exec.Command(tool, args...) // #nosec G204 -- a tool of this repository
	c.Env = append(os.Environ(), env...)
	out, err := c.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return list, fmt.Errorf("cyclonedx-gomod %s (run make tools): %w", strings.Join(args, " "), err)
	}
	return list, json.Unmarshal(out, &list)
}
