package gitwire

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"

	"reconcile/internal/files"
	"reconcile/internal/lazyregexp"
	"reconcile/internal/secret"
)

// Address is the location of a repository. It contains no password.
type Address struct {
	scheme string // https, http, ssh, file
	user   string // for ssh only: part of the address, not a secret
	host   string // lower case
	port   string // "" for the scheme's default
	path   string
}

// scpFormPattern matches git's short form of an ssh address, [user@]host:path.
var scpFormPattern = lazyregexp.New(`^(?:([\w.+][\w.+-]*)@)?(\[[0-9a-fA-F:.]+\]|[\w.][\w.-]*):([^:].*)$`)

// ParseAddress reads an https, ssh, http or file URL, git's short form of an ssh URL
// (user@host:path), or a path, and separates credentials from it. Errors are *Error; they do
// not repeat text that may contain a password.
func ParseAddress(raw string) (Address, Credentials, error) {
	switch {
	case raw == "":
		return Address{}, Credentials{}, &Error{Kind: ErrURL, URL: "(empty)", Help: "give a URL (https, ssh, file) or a path"}
	case strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Address{}, Credentials{}, &Error{Kind: ErrURL, URL: "(hidden)", Text: "contains control characters"}
	case strings.Contains(raw, "://"):
		return parseURL(raw)
	}
	if m := scpFormPattern().FindStringSubmatch(raw); m != nil && strings.Trim(m[3], "/") != "" && !files.Exists(raw) {
		if strings.Contains(m[3], "@") { // perhaps user:pass/word@host/path
			return Address{}, Credentials{}, &Error{Kind: ErrURL, URL: "(hidden)", Text: "has a user name and password but no scheme", Help: "write https://user:password@host/path"}
		}
		host := strings.ToLower(strings.Trim(m[2], "[]"))
		if !isHost(host) {
			return Address{}, Credentials{}, &Error{Kind: ErrURL, URL: "(hidden)", Text: "what is in brackets is no IPv6 address", Help: "write user@host:path"}
		}
		return Address{scheme: "ssh", user: m[1], host: host, path: m[3]}, Credentials{Username: secret.Text(m[1])}, nil
	}
	if strings.Contains(raw, "@") && strings.Contains(raw, ":") && !files.Exists(raw) {
		return Address{}, Credentials{}, &Error{Kind: ErrURL, URL: "(hidden)", Text: "neither a URL nor a path that exists", Help: "write https://user:password@host/path"}
	}
	path, err := filepath.Abs(raw)
	return Address{scheme: "file", path: path}, Credentials{}, err
}

func parseURL(raw string) (Address, Credentials, error) {
	refuse := func(text, help string) (Address, Credentials, error) {
		return Address{}, Credentials{}, &Error{Kind: ErrURL, URL: stripUser(raw), Text: text, Help: help}
	}
	u, err := url.Parse(raw)
	if err != nil {
		// url.Error repeats the URL with its password.
		return refuse("not a valid URL", "percent-encode special characters in user name and password")
	}
	a := Address{scheme: strings.ToLower(u.Scheme), host: strings.ToLower(u.Hostname()), port: u.Port(), path: u.Path}
	password, _ := u.User.Password()
	credentials := Credentials{Username: secret.Text(u.User.Username()), Password: secret.Text(password)}
	switch a.scheme {
	case "file":
		if a.host != "" && a.host != "localhost" {
			return refuse("a file URL names no host", "write file:///path")
		}
		a.host, a.port = "", ""
		a.path, err = filepath.Abs(a.path)
		return a, Credentials{}, err
	case "https", "http", "ssh":
	case "git+ssh", "ssh+git":
		a.scheme = "ssh"
	default:
		return refuse(fmt.Sprintf("scheme %q", a.scheme), "use https, ssh, file or a path")
	}
	if strings.Contains(u.EscapedPath(), "@") {
		// http://u:8/s3cret@host/path is read as host u, port 8: it may be a password with a slash.
		return refuse("has an @ after its host, as a password with a slash has", "percent-encode special characters in user name and password, and an @ in the path as %40")
	}
	if a.host == "" || strings.Trim(a.path, "/") == "" {
		return refuse("has no host or no repository path", "write scheme://host/path")
	}
	if !isHost(a.host) {
		return refuse("its host has a colon and is no IPv6 address", "write scheme://host:port/path, and an IPv6 address in brackets")
	}
	if strings.HasPrefix(a.host, "-") || strings.HasPrefix(u.User.Username(), "-") {
		return refuse("host or user begins with a dash", "check the address")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return refuse("has a query or a fragment", "use the URL that git clone accepts")
	}
	if a.port == map[string]string{"https": "443", "http": "80", "ssh": "22"}[a.scheme] {
		a.port = ""
	}
	if a.scheme == "ssh" {
		a.user = u.User.Username()
	}
	return a, credentials, nil
}

// isHost reports whether a host has no colon, or is an IPv6 address. net/url takes others, and
// cannot read again what it writes of them.
func isHost(host string) bool {
	if !strings.Contains(host, ":") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

// stripUser removes possible credentials, and a query and a fragment, which may be a token, from a URL
// that is refused.
func stripUser(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	if i := strings.LastIndex(rest, "@"); ok && i >= 0 {
		rest = rest[i+1:]
	}
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		rest = rest[:end]
	}
	return scheme + "://" + rest
}

// String returns the address as a URL, or as a path if it is local.
func (a Address) String() string {
	if a.scheme == "file" {
		return a.path
	}
	u := url.URL{Scheme: a.scheme, Host: a.hostPort(), Path: a.path}
	if a.user != "" {
		u.User = url.User(a.user)
	}
	if strings.HasPrefix(a.path, "/") {
		return u.String()
	}
	if a.user == "" {
		return a.hostPort() + ":" + a.path
	}
	return a.user + "@" + a.hostPort() + ":" + a.path
}

func (a Address) hostPort() string {
	if a.port != "" {
		return net.JoinHostPort(a.host, a.port)
	}
	if strings.Contains(a.host, ":") {
		return "[" + a.host + "]"
	}
	return a.host
}

// LocalPath returns the path of a repository on this machine, and false for a remote.
func (a Address) LocalPath() (string, bool) { return a.path, a.scheme == "file" }

// isLoopback reports whether the host is this machine.
func (a Address) isLoopback() bool {
	ip := net.ParseIP(a.host)
	return a.host == "localhost" || ip != nil && ip.IsLoopback()
}

// backlogDomains are the domains of Nulab's Backlog spaces.
var backlogDomains = []string{".backlog.com", ".backlog.jp", ".backlogtool.com"}

// Name returns host and path in a form that is the same for all addresses of one repository.
//
// Backlog's addresses differ in more than the scheme (as of November 2026):
// https://SPACE.backlog.com/git/P/r.git and SPACE@SPACE.git.backlog.com:/P/r.git; Enterprise
// http://host:8969/backlog/git/P/r.git and ssh://git@host:8972/P/r.git.
func (a Address) Name() string {
	if a.scheme == "file" {
		return filepath.ToSlash(a.path)
	}
	host, port, path := a.host, a.port, strings.Trim(strings.TrimSuffix(strings.TrimRight(a.path, "/"), ".git"), "/")
	for _, domain := range backlogDomains {
		if space, ok := strings.CutSuffix(host, ".git"+domain); ok && a.scheme == "ssh" {
			return space + domain + "/" + path
		}
		if strings.HasSuffix(host, domain) && a.scheme != "ssh" {
			return host + "/" + strings.TrimPrefix(path, "git/")
		}
	}
	if rest, ok := strings.CutPrefix(path, "backlog/git/"); ok && a.scheme != "ssh" {
		return host + "/" + rest
	}
	if port == "8972" && a.scheme == "ssh" {
		port = ""
	}
	if port != "" {
		host = net.JoinHostPort(host, port)
	}
	return host + "/" + path
}
