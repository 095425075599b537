package release

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image is a container image of one platform.
type Image struct {
	OS, Architecture string
	Config           v1.Config
	Layers           []Layer
}

// Layer is a file, or a folder with all that is in it, at a path of the image.
type Layer struct {
	Source   string // on this machine; "" for an empty folder
	Target   string // in the image, absolute
	UID, GID int
}

// WriteImages writes images of one program as an archive of an OCI layout
// (https://github.com/opencontainers/image-spec/blob/main/image-layout.md). All times are
// made; the same files make the same bytes.
func WriteImages(target string, made time.Time, images ...Image) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, image := range images {
		built, err := build(image, made)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        built,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: image.OS, Architecture: image.Architecture}},
		})
	}
	dir, err := os.MkdirTemp("", "image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if _, err := layout.Write(dir, index); err != nil {
		return err
	}
	f, err := os.Create(target) // #nosec G304 -- where the caller says
	if err != nil {
		return err
	}
	defer f.Close()
	if err := writeTar(f, Layer{Source: dir, Target: "/"}, made); err != nil {
		return err
	}
	return f.Close()
}

func build(image Image, made time.Time) (v1.Image, error) {
	built, err := mutate.ConfigFile(mutate.MediaType(empty.Image, types.OCIManifestSchema1), &v1.ConfigFile{
		OS: image.OS, Architecture: image.Architecture, Config: image.Config,
		Created: v1.Time{Time: made}, RootFS: v1.RootFS{Type: "layers"},
	})
	if err != nil {
		return nil, err
	}
	built = mutate.ConfigMediaType(built, types.OCIConfigJSON)
	for _, l := range image.Layers {
		var content bytes.Buffer
		if err := writeTar(&content, l, made); err != nil {
			return nil, err
		}
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(content.Bytes())), nil
		}, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return nil, err
		}
		if built, err = mutate.Append(built, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: made}, CreatedBy: "COPY " + l.Target}}); err != nil {
			return nil, err
		}
	}
	return built, nil
}

// writeTar writes what is at l.Source. Links are followed: what they lead to may lie outside.
func writeTar(w io.Writer, l Layer, made time.Time) error {
	archive := tar.NewWriter(w)
	if l.Source == "" {
		header := tar.Header{Typeflag: tar.TypeDir, Name: strings.TrimPrefix(l.Target, "/") + "/", Mode: 0o700, Uid: l.UID, Gid: l.GID, ModTime: made}
		if err := archive.WriteHeader(&header); err != nil {
			return err
		}
		return archive.Close()
	}
	if err := addToTar(archive, l, l.Source, l.Target, made); err != nil {
		return err
	}
	return archive.Close()
}

// addToTar adds the file or folder at source, in the order of names.
func addToTar(archive *tar.Writer, l Layer, source, target string, made time.Time) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	header := tar.Header{Name: strings.TrimPrefix(target, "/"), Mode: int64(info.Mode().Perm()), Uid: l.UID, Gid: l.GID, ModTime: made}
	if info.IsDir() {
		header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
		if target != "/" {
			if err := archive.WriteHeader(&header); err != nil {
				return err
			}
		}
		return addFolder(archive, l, source, target, made)
	}
	header.Typeflag, header.Size = tar.TypeReg, info.Size()
	if err := archive.WriteHeader(&header); err != nil {
		return err
	}
	f, err := os.Open(source) // #nosec G304 -- what the image is made of
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(archive, f)
	return err
}

func addFolder(archive *tar.Writer, l Layer, source, target string, made time.Time) error {
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Type()&(fs.ModeSocket|fs.ModeNamedPipe|fs.ModeDevice) != 0 {
			continue
		}
		if err := addToTar(archive, l, filepath.Join(source, e.Name()), path.Join(target, e.Name()), made); err != nil {
			return err
		}
	}
	return nil
}
