package main

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// The file does not depend on the directory of the source, and Lambda accepts it.
func TestReproducible(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	symlink := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.Symlink(root, symlink); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, source := range []string{root, symlink} {
		program, err := build(source)
		if err != nil {
			t.Fatal(err)
		}
		if files[source], err = pack(program); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[root], files[symlink]) {
		t.Error("the same source made two files")
	}

	archive, err := zip.NewReader(bytes.NewReader(files[root]), int64(len(files[root])))
	if err != nil || len(archive.File) != 1 || archive.File[0].Name != "bootstrap" || archive.File[0].Mode() != 0o755 {
		t.Fatalf("%v, %v", archive, err)
	}
	entry, err := archive.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	program, err := io.ReadAll(entry)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := elf.NewFile(bytes.NewReader(program))
	if err != nil || binary.Machine != elf.EM_AARCH64 {
		t.Fatalf("%v, %v", binary, err)
	}
	if libraries, err := binary.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("it needs %v (%v)", libraries, err)
	}
}
