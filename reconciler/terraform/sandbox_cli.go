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

// cliConfig is what the operator's CLI configuration has for an init in the
// sandbox: where providers come from. It may hold tokens too, so only init,
// which runs no code of the configuration, is shown it.
type cliConfig struct {
	file    shown
	mirrors []shown  // directories with providers
	ports   []uint16 // of mirrors on the network
}

// shown is a file or directory of this machine, and where the sandbox has it.
type shown struct{ path, seen string }

func (s *Session) cliConfig(env map[string]string) cliConfig {
	var c cliConfig
	if file := env["TF_CLI_CONFIG_FILE"]; file != "" {
		c.file = shown{file, file}
	}
	if home, err := os.UserHomeDir(); err == nil {
		names := map[string][]string{"terraform": {".terraformrc"}, "tofu": {".tofurc", ".terraformrc"}}
		for _, name := range names[s.t.product] {
			if file := filepath.Join(home, name); c.file.path == "" && exists(file) {
				c.file = shown{file, filepath.Join(sandboxHome, name)}
			}
		}
		for _, below := range []string{".terraform.d/plugins", ".local/share/" + s.t.product + "/plugins"} {
			c.mirrors = append(c.mirrors, shown{filepath.Join(home, below), filepath.Join(sandboxHome, below)})
		}
	}
	if text, err := os.ReadFile(c.file.path); err == nil {
		c.readMirrors(string(text))
	}
	return c
}

// readMirrors notes the places that the configuration names as mirrors. One
// that cannot be read, Terraform refuses itself.
func (c *cliConfig) readMirrors(text string) {
	parsed, _ := hclsyntax.ParseConfig([]byte(text), "", hcl.InitialPos)
	if parsed == nil {
		return
	}
	for _, block := range parsed.Body.(*hclsyntax.Body).Blocks {
		if block.Type != "provider_installation" {
			continue
		}
		for _, method := range block.Body.Blocks {
			switch value := plainText(method.Body.Attributes["path"]); method.Type {
			case "filesystem_mirror":
				c.mirrors = append(c.mirrors, shown{value, value})
			case "network_mirror":
				c.ports = append(c.ports, portOf(plainText(method.Body.Attributes["url"]))...)
			}
		}
	}
}

// plainText is the value of an attribute that is a plain text; "": it is not.
func plainText(attribute *hclsyntax.Attribute) string {
	if attribute == nil {
		return ""
	}
	value, problems := attribute.Expr.Value(nil)
	if problems.HasErrors() || value.IsNull() || value.Type() != cty.String {
		return ""
	}
	return value.AsString()
}

// portsOf are the TCP ports that a command needs: of HTTPS and name servers,
// and of the endpoints and proxies that the operator has set.
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
		address = "http://" + address // as proxies may be written
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
