package terraform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	goversion "github.com/hashicorp/go-version"
	install "github.com/hashicorp/hc-install"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/hc-install/src"
	"github.com/hashicorp/terraform-exec/tfexec"

	"reconcile/internal/failure"
	"reconcile/internal/files"
	"reconcile/internal/ownership"
	"reconcile/reconciler/terraform/internal/process"
)

// minVersions holds the oldest Terraform that has the features used here, and the
// oldest OpenTofu that reads .tofu files. pinnedVersion is installed if neither is
// found.
var (
	minVersions = map[string]*goversion.Version{
		productTerraform: goversion.Must(goversion.NewVersion("1.5.0")),
		productTofu:      goversion.Must(goversion.NewVersion("1.8.0")),
	}
	pinnedVersion = goversion.Must(goversion.NewVersion("1.11.4"))
)

func (t *Terraform) findProgram(ctx context.Context) error {
	var err error
	if t.binary, err = t.locateBinary(ctx); err != nil {
		return err
	}
	if err := t.detectVersion(ctx); err != nil {
		return err
	}
	if v, err := goversion.NewVersion(t.version); err != nil || v.Core().LessThan(minVersions[t.product]) {
		return fmt.Errorf("%s is %s %s; at least %s is required: install a newer version, or give its path with --terraform", t.binary, t.product, t.version, minVersions[t.product])
	}
	return nil
}

func (t *Terraform) locateBinary(ctx context.Context) (string, error) {
	path, err := lookPath(t.opts.Binary)
	if path == "" && err == nil {
		return t.installBinary(ctx)
	}
	return path, err
}

// lookPath returns the absolute path of the named program. If binary is empty it
// searches PATH for terraform, then tofu, and returns "" if neither exists.
func lookPath(binary string) (string, error) {
	if binary != "" {
		path, err := exec.LookPath(binary)
		var notFound *exec.Error
		if errors.As(err, &notFound) { // it names the program a second time
			err = notFound.Err
		}
		if err != nil {
			return "", failure.WithNextStep("name a terraform or tofu program, or leave the setting out: then PATH is searched",
				fmt.Errorf("--terraform %s: cannot run it: %w", binary, err))
		}
		return filepath.Abs(path)
	}
	for _, name := range []string{productTerraform, productTofu} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", nil
}

// The products that Terraform.Product returns.
const (
	productTerraform = "terraform"
	productTofu      = "tofu"
)

// maxLinks is the maximum number of symlinks to follow from a program.
const maxLinks = 10

// ProductByName returns the product that New would find, without starting it. The file
// name decides, or the last name along its symlinks that shows the product. If none
// does, it returns "". If no program is found it returns terraform, since New would
// install that.
func ProductByName(binary string) (string, error) {
	path, err := lookPath(binary)
	if path == "" && err == nil {
		return productTerraform, nil
	}
	product := ""
	for i := 0; err == nil && i < maxLinks; i++ {
		switch name := strings.ToLower(filepath.Base(path)); {
		case strings.Contains(name, "tofu"):
			product = productTofu
		case strings.Contains(name, "terraform"):
			product = productTerraform
		}
		target, linkErr := os.Readlink(path)
		if linkErr != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return product, err
}

// installBinary installs Terraform once for all processes that share WorkDir.
func (t *Terraform) installBinary(ctx context.Context) (string, error) {
	dir := filepath.Join(t.opts.WorkDir, "bin")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	lock := files.NewLock(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer lock.Close()
	path := filepath.Join(dir, "terraform-"+pinnedVersion.String())
	if _, err := os.Stat(path); err == nil {
		return path, ownership.CheckFile(path)
	}
	t.opts.Log.Info("terraform and tofu not found on PATH; installing Terraform", "version", pinnedVersion.String(), "to", path)
	temp, err := os.MkdirTemp(dir, "install-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	downloaded, err := install.NewInstaller().Install(ctx, []src.Installable{&releases.ExactVersion{
		Product: product.Terraform, Version: pinnedVersion, InstallDir: temp,
	}})
	if err != nil {
		return "", fmt.Errorf("neither terraform nor tofu is on PATH: install one, or give its path with --terraform (installing Terraform %s failed: %w)", pinnedVersion, causeOf(err))
	}
	// Rename the file only when it is complete: a killed install must not look
	// finished.
	return path, os.Rename(downloaded, path)
}

// causeOf returns the innermost failed request of an error: each retry wraps it once more.
func causeOf(err error) error {
	var request *url.Error
	for next := err; errors.As(next, &request); next = request.Err {
		err = request
	}
	return err
}

// detectVersion runs the program once and sets version and product. The program may be a wrapper,
// whose children outlive it: once ctx is done they are killed too.
func (t *Terraform) detectVersion(ctx context.Context) error {
	program, err := tfexec.NewTerraform(t.runDir, t.binary)
	if err != nil {
		return err
	}
	env, tag := t.environ(nil), tagOf(t.runDir)
	env[process.TagVariable] = tag
	if err := program.SetEnv(env); err != nil {
		return err
	}
	late := failure.WithNextStep("run it by hand, as the same user: it may wait for a lock, for the network or for a download",
		fmt.Errorf("`%s version` did not end within %s", t.binary, t.opts.VersionTimeout))
	limitCtx, release := context.WithTimeoutCause(ctx, t.opts.VersionTimeout, late)
	defer release()
	askCtx, stop := context.WithCancelCause(limitCtx)
	defer stop(nil)
	stdout, stderr := versionOutput{stop: stop}, versionOutput{stop: stop}
	program.SetStdout(&stdout)
	program.SetStderr(&stderr)
	killed := make(chan struct{})
	isEnded := context.AfterFunc(askCtx, func() {
		defer close(killed)
		_ = process.KillTree(func(other string) bool { return other == tag }) // what is left, later commands find
	})
	version, _, err := program.Version(askCtx, true)
	if !isEnded() {
		<-killed
		err = context.Cause(askCtx)
	}
	if limitCtx.Err() != nil && err != nil {
		return context.Cause(limitCtx)
	}
	var fields struct {
		Outdated *bool `json:"terraform_outdated"`
	}
	if err == nil {
		err = json.Unmarshal(stdout.text.Bytes(), &fields)
	}
	if err != nil && stdout.text.Len() == 0 { // it could not start, or was killed: what it is, is not known
		return failure.WithNextStep(fmt.Sprintf("run `%s version` by hand, as the same user", t.binary),
			fmt.Errorf("%s did not report a version: %w", t.binary, err))
	}
	if err != nil {
		return fmt.Errorf("%s did not report a version; it is neither terraform nor tofu: %w", t.binary, err)
	}
	// Only Terraform reports terraform_outdated. OpenTofu's output is otherwise the
	// same.
	t.version, t.product = version.String(), productTerraform
	if fields.Outdated == nil {
		t.product = productTofu
	}
	return nil
}

// maxVersion is the largest output of `version`, in bytes. Wrappers print notices, too.
const maxVersion = 64 << 10

// versionOutput holds what the program prints of its version, and stops it when that is too long.
type versionOutput struct {
	text bytes.Buffer
	stop context.CancelCauseFunc
}

func (o *versionOutput) Write(p []byte) (int, error) {
	if o.text.Len()+len(p) > maxVersion {
		o.stop(fmt.Errorf("it printed more than %d bytes", maxVersion))
		return len(p), nil
	}
	return o.text.Write(p)
}
