package terraform

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	goversion "github.com/hashicorp/go-version"
	install "github.com/hashicorp/hc-install"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/hc-install/src"
	"github.com/hashicorp/terraform-exec/tfexec"

	"reconcile/internal/ownership"
)

// The oldest Terraform that can do what this package asks of it, the oldest
// OpenTofu that reads .tofu files, and what is installed where there is none.
var (
	minVersions = map[string]*goversion.Version{
		productTerraform: goversion.Must(goversion.NewVersion("1.5.0")),
		productTofu:      goversion.Must(goversion.NewVersion("1.8.0")),
	}
	pinnedVersion = goversion.Must(goversion.NewVersion("1.11.4"))
)

// findProgram sets binary, version and product.
func (t *Terraform) findProgram(ctx context.Context) error {
	var err error
	if t.binary, err = t.locateBinary(ctx); err != nil {
		return err
	}
	if err := t.detectVersion(ctx); err != nil {
		return err
	}
	if v, err := goversion.NewVersion(t.version); err != nil || v.Core().LessThan(minVersions[t.product]) {
		return fmt.Errorf("%s is %s %s, but at least %s is needed: install a newer one, or name it with --terraform", t.binary, t.product, t.version, minVersions[t.product])
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

// lookPath returns the path of the named program, or for "" of the one to be
// used on this machine; "" when there is none.
func lookPath(binary string) (string, error) {
	if binary != "" {
		path, err := exec.LookPath(binary)
		if err != nil {
			return "", fmt.Errorf("--terraform names %s, which cannot be run: %w", binary, err)
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

// The products, as Terraform.Product returns them.
const (
	productTerraform = "terraform"
	productTofu      = "tofu"
)

// maxLinks is how many links to a program are followed.
const maxLinks = 10

// ProductByName tells which product New would find, without starting it: its
// file name says so, or the last of the names that links lead it through that
// does. It returns "" where none does. Where no program is found, Terraform
// would be installed.
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

// installBinary fetches Terraform once for all processes that share Work.
func (t *Terraform) installBinary(ctx context.Context) (string, error) {
	dir := filepath.Join(t.opts.WorkDir, "bin")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer lock.Close()
	path := filepath.Join(dir, "terraform-"+pinnedVersion.String())
	if _, err := os.Stat(path); err == nil {
		return path, ownership.CheckFile(path)
	}
	t.opts.Log.Info("no terraform and no tofu on PATH: installing Terraform", "version", pinnedVersion.String(), "to", path)
	temp, err := os.MkdirTemp(dir, "install-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	downloaded, err := install.NewInstaller().Install(ctx, []src.Installable{&releases.ExactVersion{
		Product: product.Terraform, Version: pinnedVersion, InstallDir: temp,
	}})
	if err != nil {
		return "", fmt.Errorf("there is no terraform and no tofu on PATH, and Terraform %s could not be installed: install one of them, or name it with --terraform: %w", pinnedVersion, err)
	}
	// Moved only when whole: a killed install leaves nothing that looks done.
	return path, os.Rename(downloaded, path)
}

// detectVersion runs the program once for its version.
func (t *Terraform) detectVersion(ctx context.Context) error {
	program, err := tfexec.NewTerraform(t.runDir, t.binary)
	if err != nil {
		return err
	}
	if err := program.SetEnv(t.environ(nil)); err != nil {
		return err
	}
	var stdout boundedBuffer
	program.SetStdout(&stdout)
	version, _, err := program.Version(ctx, true)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var fields struct {
		Outdated *bool `json:"terraform_outdated"`
	}
	if err == nil {
		err = json.Unmarshal(stdout.text.Bytes(), &fields)
	}
	if err != nil {
		return fmt.Errorf("%s cannot tell its version, so it is neither terraform nor tofu: %w", t.binary, err)
	}
	// Only Terraform says whether it is outdated: OpenTofu's answer is the
	// same but for this.
	t.version, t.product = version.String(), productTerraform
	if fields.Outdated == nil {
		t.product = productTofu
	}
	return nil
}
