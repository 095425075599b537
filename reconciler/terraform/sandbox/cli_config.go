package sandbox

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

// CLIConfig is the part of the operator's CLI configuration that an init in the sandbox
// needs: the sources of providers. The file may also hold tokens. So only init, which
// runs no code of the configuration, may see it.
type CLIConfig struct {
	File    Mapping
	Mirrors []Mapping // directories with providers
	Ports   []uint16  // of network mirrors
}

// ReadCLIConfig finds the CLI configuration as the product ("terraform" or "tofu") does
// with that environment.
func ReadCLIConfig(product string, env map[string]string) CLIConfig {
	var c CLIConfig
	if file := env["TF_CLI_CONFIG_FILE"]; file != "" {
		c.File = Mapping{file, file}
	}
	if home, err := os.UserHomeDir(); err == nil {
		names := map[string][]string{"terraform": {".terraformrc"}, "tofu": {".tofurc", ".terraformrc"}}
		for _, name := range names[product] {
			if file := filepath.Join(home, name); c.File.HostPath == "" && exists(file) {
				c.File = Mapping{file, filepath.Join(Home, name)}
			}
		}
		for _, dir := range []string{".terraform.d/plugins", ".local/share/" + product + "/plugins"} {
			c.Mirrors = append(c.Mirrors, Mapping{filepath.Join(home, dir), filepath.Join(Home, dir)})
		}
	}
	if text, err := os.ReadFile(c.File.HostPath); err == nil {
		c.parseMirrors(string(text))
	}
	return c
}

// parseMirrors records the mirrors in the configuration. It ignores what it cannot
// parse, since Terraform refuses that itself.
func (c *CLIConfig) parseMirrors(text string) {
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
				c.Mirrors = append(c.Mirrors, Mapping{value, value})
			case "network_mirror":
				c.Ports = append(c.Ports, portOf(literalString(method.Body.Attributes["url"]))...)
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

// PortsOf returns the TCP ports that a command needs: for HTTPS, DNS, and the endpoints
// and proxies that the operator set in its environment.
func PortsOf(env map[string]string) []uint16 {
	ports := []uint16{443, 53}
	for name, value := range env {
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL") || strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			ports = append(ports, portOf(value)...)
		}
	}
	return ports
}

// PortsOfRegistries returns the TCP ports of hosts that serve HTTPS.
func PortsOfRegistries(hosts []string) (ports []uint16) {
	for _, host := range hosts {
		ports = append(ports, portOf("https://"+host)...)
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
