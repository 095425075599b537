package terraform

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// cliConfig is the part of the operator's CLI configuration for an init in the sandbox:
// the sources of providers. The file may also hold tokens. So only init, which runs no
// code of the configuration, can read it.
type cliConfig struct {
	file    pathMapping
	mirrors []pathMapping // directories with providers
	ports   []uint16      // of network mirrors
}

// pathMapping maps a file or directory of this machine to a path in the sandbox.
type pathMapping struct{ hostPath, sandboxPath string }

func (s *Session) readCLIConfig(env map[string]string) cliConfig {
	var c cliConfig
	if file := env["TF_CLI_CONFIG_FILE"]; file != "" {
		c.file = pathMapping{file, file}
	}
	if home, err := os.UserHomeDir(); err == nil {
		names := map[string][]string{"terraform": {".terraformrc"}, "tofu": {".tofurc", ".terraformrc"}}
		for _, name := range names[s.tf.product] {
			if file := filepath.Join(home, name); c.file.hostPath == "" && exists(file) {
				c.file = pathMapping{file, filepath.Join(sandboxHome, name)}
			}
		}
		for _, dir := range []string{".terraform.d/plugins", ".local/share/" + s.tf.product + "/plugins"} {
			c.mirrors = append(c.mirrors, pathMapping{filepath.Join(home, dir), filepath.Join(sandboxHome, dir)})
		}
	}
	if text, err := os.ReadFile(c.file.hostPath); err == nil {
		c.parseMirrors(string(text))
	}
	return c
}

// parseMirrors records the mirrors in the configuration. It ignores what it cannot
// parse, since Terraform refuses that itself.
func (c *cliConfig) parseMirrors(text string) {
	parsed, _ := hclsyntax.ParseConfig([]byte(text), "", hcl.InitialPos)
	if parsed == nil {
		return
	}
	for _, block := range parsed.Body.(*hclsyntax.Body).Blocks {
		if block.Type != "provider_installation" {
			continue
		}
		for _, method := range block.Body.Blocks {
			switch value := literalString(method.Body.Attributes["path"]); method.Type {
			case "filesystem_mirror":
				c.mirrors = append(c.mirrors, pathMapping{value, value})
			case "network_mirror":
				c.ports = append(c.ports, portOf(literalString(method.Body.Attributes["url"]))...)
			}
		}
	}
}

// literalString returns the value of an attribute that is a literal string, or "".
func literalString(attribute *hclsyntax.Attribute) string {
	if attribute == nil {
		return ""
	}
	value, problems := attribute.Expr.Value(nil)
	if problems.HasErrors() || value.IsNull() || value.Type() != cty.String {
		return ""
	}
	return value.AsString()
}

// portsOf returns the TCP ports that a command needs: for HTTPS, DNS, and the endpoints
// and proxies that the operator set.
func portsOf(env map[string]string) []uint16 {
	ports := []uint16{443, 53}
	for name, value := range env {
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL") || strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			ports = append(ports, portOf(value)...)
		}
	}
	return ports
}

func portOf(address string) []uint16 {
	if !strings.Contains(address, "://") {
		address = "http://" + address // a proxy may be given without a scheme
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	name := u.Port()
	if name == "" && u.Scheme == "http" {
		name = "80"
	}
	port, err := strconv.ParseUint(name, 10, 16)
	if err != nil {
		return nil
	}
	return []uint16{uint16(port)}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }
