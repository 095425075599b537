// Command lambda builds cmd/webhook as a zip file for AWS Lambda (arm64,
// provided.al2023). The same source and Go version make the same file, byte for
// byte, on every machine. It prints the digest by which Terraform recognizes a new
// file.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: lambda FILE.zip")
		os.Exit(64)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "lambda:", err)
		os.Exit(1)
	}
}

func run(target string) error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	program, err := build(dir)
	if err != nil {
		return err
	}
	file, err := pack(program)
	if err != nil {
		return err
	}
	if err := os.WriteFile(target, file, 0o600); err != nil {
		return err
	}
	sum := sha256.Sum256(file)
	fmt.Printf("%s: %d bytes, hash %s\n", target, len(file), base64.StdEncoding.EncodeToString(sum[:]))
	return nil
}

// build builds the module that contains source, without anything that differs between
// machines: paths, the state of the work tree, the build id.
func build(source string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "lambda")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "bootstrap")
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc",
		"-ldflags", "-s -w -buildid=", "-o", path, "reconcile/cmd/webhook")
	c.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "GOARM64=v8.0", "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "PWD="+source)
	c.Dir, c.Stderr = source, os.Stderr
	if err := c.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// pack puts the program where the Lambda runtime expects it, with the earliest date of a
// zip file.
func pack(program []byte) ([]byte, error) {
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(0o755)
	w, err := z.CreateHeader(header)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(program); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}
