// Command aws-provider cuts a copy of the source of Terraform's AWS provider
// down to some of its services, so that it builds in minutes instead of half
// an hour. What is kept is the provider's own code, unchanged: the command
// only takes lines out of two generated lists, of service packages and of the
// clients that they use.
//
//	aws-provider DIR SERVICE...
package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	module       = "github.com/hashicorp/terraform-provider-aws"
	packagesFile = "internal/provider/sdkv2/service_packages_gen.go"
	clientsFile  = "internal/conns/awsclient_gen.go"
)

var (
	clientFunc  = regexp.MustCompile(`(?m)^func \(c \*AWSClient\) (\w+)\(ctx context\.Context\) \*(\w+)\.Client \{\n.*names\.(\w+),.*\n\}\n\n?`)
	clientCall  = regexp.MustCompile(`\.(\w+Client)\(ctx`)
	packageName = regexp.MustCompile(`ServicePackageName\(\) string \{\n\treturn names\.(\w+)`)
	importLine  = regexp.MustCompile(`(?m)^\t(?:(\w+) )?"([^"]+)"\n`)
	listLine    = regexp.MustCompile(`(?m)^\t\t(\w+)\.ServicePackage\(ctx\),\n`)
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: aws-provider DIR SERVICE...")
	}
	kept, err := cut(os.Args[1], os.Args[2:])
	if err != nil {
		log.Fatal("aws-provider: ", err)
	}
	fmt.Printf("%d services: %s\n", len(kept), strings.Join(kept, " "))
}

// cut takes out of the source in dir every service but the wanted ones and
// those that they need, and returns what it kept.
func cut(dir string, wanted []string) ([]string, error) {
	src, err := read(dir)
	if err != nil {
		return nil, err
	}
	kept, clients, err := src.closure(wanted)
	if err != nil {
		return nil, err
	}

	packages := listLine.ReplaceAllStringFunc(src.packages, func(line string) string {
		return keepIf(kept[listLine.FindStringSubmatch(line)[1]], line)
	})
	packages = importLine.ReplaceAllStringFunc(packages, func(line string) string {
		service, ok := serviceOf(importLine.FindStringSubmatch(line)[2])
		return keepIf(!ok || kept[service], line)
	})

	used := map[string]bool{} // names of the SDK packages
	funcs := clientFunc.ReplaceAllStringFunc(src.clients, func(f string) string {
		m := clientFunc.FindStringSubmatch(f)
		if clients[m[1]] {
			used[m[2]] = true
		}
		return keepIf(clients[m[1]], f)
	})
	funcs = importLine.ReplaceAllStringFunc(funcs, func(line string) string {
		m := importLine.FindStringSubmatch(line)
		name := m[1]
		if name == "" {
			name = filepath.Base(m[2])
		}
		return keepIf(!strings.HasPrefix(m[2], "github.com/aws/aws-sdk-go-v2/service/") || used[name], line)
	})

	return slices.Sorted(maps.Keys(kept)), errors.Join(
		os.WriteFile(filepath.Join(dir, packagesFile), []byte(packages), 0o600),
		os.WriteFile(filepath.Join(dir, clientsFile), []byte(funcs), 0o600),
	)
}

func keepIf(keep bool, text string) string {
	if keep {
		return text
	}
	return ""
}

// source is what must be known of the provider to cut it.
type source struct {
	packages, clients string              // the two lists
	constant          map[string]string   // of a client's method: the constant that names its service
	service           map[string]string   // of such a constant: the folder of the service
	imports           map[string][]string // of a folder: the services that it imports; "" is what is no service
	calls             map[string][]string // of a folder: the clients' methods that it calls
}

func read(dir string) (*source, error) {
	src := &source{
		constant: map[string]string{},
		service:  map[string]string{},
		imports:  map[string][]string{},
		calls:    map[string][]string{},
	}
	for path, text := range map[string]*string{packagesFile: &src.packages, clientsFile: &src.clients} {
		content, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return nil, err
		}
		*text = string(content)
	}
	for _, m := range clientFunc.FindAllStringSubmatch(src.clients, -1) {
		src.constant[m[1]] = m[3]
	}
	root := filepath.Join(dir, "internal")
	return src, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && slices.Contains([]string{"acctest", "generate", "sweep", "vcr"}, rel), // of its own tests
			d.IsDir() && d.Name() == "testdata":
			return filepath.SkipDir
		case d.IsDir(), filepath.Ext(path) != ".go", strings.HasSuffix(path, "_test.go"),
			strings.HasSuffix(path, packagesFile), strings.HasSuffix(path, clientsFile):
			return nil
		}
		folder, _ := serviceOf(module + "/internal/" + filepath.ToSlash(rel))
		return src.add(folder, path)
	})
}

// add notes what a file says of the folder that it belongs to.
func (src *source) add(folder, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, content, parser.ImportsOnly)
	if err != nil {
		return err
	}
	for _, spec := range file.Imports {
		if service, ok := serviceOf(strings.Trim(spec.Path.Value, `"`)); ok {
			src.imports[folder] = append(src.imports[folder], service)
		}
	}
	for _, m := range clientCall.FindAllStringSubmatch(string(content), -1) {
		src.calls[folder] = append(src.calls[folder], m[1])
	}
	if m := packageName.FindStringSubmatch(string(content)); m != nil && folder != "" {
		src.service[m[1]] = folder
	}
	return nil
}

// closure returns the wanted services with all that they import or whose
// client they call (a client is made by its own service's package), and the
// clients' methods.
func (src *source) closure(wanted []string) (kept, clients map[string]bool, err error) {
	kept, clients = map[string]bool{}, map[string]bool{}
	for next := append([]string{""}, wanted...); len(next) > 0; {
		folder := next[0]
		next = next[1:]
		if kept[folder] {
			continue
		}
		kept[folder] = true
		if folder != "" && !strings.Contains(src.packages, "\t"+folder+".ServicePackage(ctx)") {
			return nil, nil, fmt.Errorf("there is no service %q", folder)
		}
		next = append(next, src.imports[folder]...)
		for _, call := range src.calls[folder] {
			if constant, ok := src.constant[call]; ok && !clients[call] {
				clients[call] = true
				next = append(next, src.service[constant])
			}
		}
	}
	delete(kept, "")
	return kept, clients, nil
}

// serviceOf returns the service that an import path belongs to, if it does.
func serviceOf(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, module+"/internal/service/")
	service, _, _ := strings.Cut(rest, "/")
	return service, ok
}
