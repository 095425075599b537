// Command image writes the container image of the Dockerfile for several platforms as an
// archive of an OCI layout, without Docker: of programs that were built before, Terraform
// as its makers built it, and this machine's certificates and time zones.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"reconcile/internal/release"
)

func main() {
	target := flag.String("o", "", "archive to write")
	version := flag.String("version", "", "version of the program")
	own := flag.String("own-terraform", "", "terraform to take, for every platform, instead of its makers' build; for trials")
	flag.Parse()
	if *target == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: image -o FILE.tar -version VERSION [-own-terraform FILE] ARCHITECTURE=PROGRAM...")
		os.Exit(64)
	}
	if err := run(*target, *version, *own, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(target, version, ownTerraform string, programs []string) error {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH is the time of the image: %w", err)
	}
	stages, err := readDockerfile("Dockerfile")
	if err != nil {
		return err
	}
	final, err := stages.readStage(finalStage)
	if err != nil {
		return err
	}
	final.labels["org.opencontainers.image.version"] = version
	scratch, err := os.MkdirTemp("", "image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	var images []release.Image
	for _, argument := range programs {
		arch, program, ok := strings.Cut(argument, "=")
		if !ok {
			return fmt.Errorf("%s: want ARCHITECTURE=PROGRAM", argument)
		}
		p := parts{repository: ".", program: program, terraform: ownTerraform}
		if ownTerraform == "" {
			if p.terraform, p.licence, err = downloadTerraform(stages, arch, scratch); err != nil {
				return err
			}
		}
		image, err := final.newImage(arch, p)
		if err != nil {
			return err
		}
		images = append(images, image)
	}
	return release.WriteImages(target, time.Unix(seconds, 0).UTC(), images...)
}

// parts are the files that the image is made of and that are no system's: the folder of
// the repository, the program, Terraform, and Terraform's licence ("" for a build of our own).
type parts struct{ repository, program, terraform, licence string }

// newImage describes the image of a stage.
func (s stage) newImage(arch string, p parts) (release.Image, error) {
	image := release.Image{OS: "linux", Architecture: arch, Config: v1.Config{
		User: s.user, WorkingDir: s.workdir, StopSignal: s.stopSignal, Entrypoint: s.entrypoint, Cmd: s.cmd,
		Volumes: map[string]struct{}{}, Labels: s.labels,
	}}
	for _, v := range s.volumes {
		image.Config.Volumes[v] = struct{}{}
	}
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		image.Config.Env = append(image.Config.Env, name+"="+s.env[name])
	}
	for _, c := range s.copies {
		layer, err := c.newLayer(p)
		if err != nil {
			return release.Image{}, err
		}
		if layer.Target != "" {
			image.Layers = append(image.Layers, layer)
		}
	}
	return image, nil
}

// newLayer finds what the instruction copies. A layer without a target is left out.
func (c copyInstruction) newLayer(p parts) (layer release.Layer, err error) {
	layer.Target = c.target
	if layer.UID, layer.GID, err = c.readOwner(); err != nil {
		return layer, err
	}
	switch {
	case c.from == "base": // Debian's own
		layer.Source = c.source
	case c.source == "/out/home":
	case c.source == "/out/reconcile":
		layer.Source = p.program
	case c.source == "/src/LICENSE":
		layer.Source = filepath.Join(p.repository, "LICENSE")
	case c.source == "/out/terraform":
		layer.Source = p.terraform
	case c.source == "/out/LICENSE.txt":
		if layer.Source = p.licence; layer.Source == "" {
			layer.Target = ""
		}
	default:
		err = fmt.Errorf("the Dockerfile copies %s from %s, which this program does not know", c.source, c.from)
	}
	return layer, err
}
