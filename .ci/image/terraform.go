package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// maxTerraform bounds the size of Terraform and of its download, in bytes.
const maxTerraform = 512 << 20

// downloadTerraform gets the version that the Dockerfile names, from where it says, checks
// it by the Dockerfile's sum, and returns the paths of the program and its licence.
func downloadTerraform(stages dockerfile, arch, scratch string) (program, licence string, err error) {
	version, err := stages.readArgument("terraform", "TERRAFORM_VERSION")
	if err != nil {
		return "", "", err
	}
	sum, err := stages.readArgument("terraform", "TERRAFORM_SHA256_"+strings.ToUpper(arch))
	if err != nil {
		return "", "", err
	}
	address := regexp.MustCompile(`https://[^"$]*`).FindString(strings.Join(stages["terraform"], "\n"))
	address = fmt.Sprintf("%s%s/terraform_%s_linux_%s.zip", address, version, version, arch)
	client := http.Client{Timeout: 10 * time.Minute}
	response, err := client.Get(address)
	if err != nil {
		return "", "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", "", fmt.Errorf("%s: %s", address, response.Status)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxTerraform))
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", address, err)
	}
	if have := fmt.Sprintf("%x", sha256.Sum256(content)); have != sum {
		return "", "", fmt.Errorf("the SHA-256 of %s is %s, not %s", address, have, sum)
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return "", "", err
	}
	program, licence = filepath.Join(scratch, "terraform_"+arch), filepath.Join(scratch, "LICENSE_"+arch)
	if err := unpack(archive, "terraform", program, 0o755); err != nil {
		return "", "", err
	}
	return program, licence, unpack(archive, "LICENSE.txt", licence, 0o644)
}

func unpack(archive *zip.Reader, name, target string, mode os.FileMode) error {
	from, err := archive.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode) // #nosec G304 -- a folder of ours
	if err != nil {
		return err
	}
	defer to.Close()
	if _, err := io.Copy(to, io.LimitReader(from, maxTerraform)); err != nil {
		return err
	}
	return to.Close()
}
