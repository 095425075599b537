package gitwire

import (
	"errors"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, shown, name, username, password string }{
		{"https://ann%40example.com:pa%3Ass@SPACE.backlog.com/git/PROJ/repo.git", "https://space.backlog.com/git/PROJ/repo.git", "space.backlog.com/PROJ/repo", "ann@example.com", "pa:ss"},
		{"SPACE@SPACE.git.backlog.com:/PROJ/repo.git", "ssh://SPACE@space.git.backlog.com/PROJ/repo.git", "space.backlog.com/PROJ/repo", "SPACE", ""},
		{"ssh://SPACE@SPACE.git.backlog.jp/PROJ/repo.git", "ssh://SPACE@space.git.backlog.jp/PROJ/repo.git", "space.backlog.jp/PROJ/repo", "SPACE", ""},
		{"https://space.backlog.jp/git/PROJ/repo.git/", "https://space.backlog.jp/git/PROJ/repo.git/", "space.backlog.jp/PROJ/repo", "", ""},
		{"https://space.backlogtool.com/git/PROJ/repo", "https://space.backlogtool.com/git/PROJ/repo", "space.backlogtool.com/PROJ/repo", "", ""},
		{"http://host:8969/backlog/git/PROJ/repo.git", "http://host:8969/backlog/git/PROJ/repo.git", "host/PROJ/repo", "", ""},
		{"ssh://git@host:8972/PROJ/repo.git", "ssh://git@host:8972/PROJ/repo.git", "host/PROJ/repo", "git", ""},
		{"https://Example.com:443/a/b.git", "https://example.com/a/b.git", "example.com/a/b", "", ""},
		{"https://example.com:8443/a/b.git", "https://example.com:8443/a/b.git", "example.com:8443/a/b", "", ""},
		{"git@example.com:a/b.git", "git@example.com:a/b.git", "example.com/a/b", "git", ""},
		{"example.com:a/b.git", "example.com:a/b.git", "example.com/a/b", "", ""},
		{"git@[::1]:a/b.git", "git@[::1]:a/b.git", "::1/a/b", "git", ""},
		{"git+ssh://git@example.com/~ann/b.git", "ssh://git@example.com/~ann/b.git", "example.com/~ann/b", "git", ""},
		{"ssh://git:secret@example.com/a.git", "ssh://git@example.com/a.git", "example.com/a", "git", "secret"},
		{"https://[::1]:8443/a.git", "https://[::1]:8443/a.git", "[::1]:8443/a", "", ""},
		{"file:///srv/git/a.git", "/srv/git/a.git", "/srv/git/a.git", "", ""},
		{"file://localhost/srv/a%20b", "/srv/a b", "/srv/a b", "", ""},
		{"/srv/git/../git/a.git", "/srv/git/a.git", "/srv/git/a.git", "", ""},
	}
	for _, test := range tests {
		a, c, err := ParseAddress(test.in)
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
			continue
		}
		if a.String() != test.shown || a.Name() != test.name || string(c.Username) != test.username || string(c.Password) != test.password {
			t.Errorf("%s:\n got %s, %s, %q, %q\nwant %s, %s, %q, %q", test.in,
				a, a.Name(), string(c.Username), string(c.Password), test.shown, test.name, test.username, test.password)
		}
	}
}

func TestAddressRefused(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", "ftp://host/a", "git://host/a", "https://", "https://host", "https://host/", "file://host/path",
		"https://ann:" + password + "@host/a?b=c", "https://ann:" + password + "@ho st/a", "ann:" + password + "@host/a.git",
		"https://ann:" + password + "\n@host/a", "ssh://-oProxyCommand=x/a", "ssh://-l@host/a",
		"http://u:8/s3cr3t@host/a.git", "https://ann:p@u:8/s3cr3t@host/a.git", "https://s3cr3t/s3cr3t@host/a.git", "u:8/s3cr3t@host/a.git", "ssh://u:8/s3cr3t@host/a.git",
		"https://ann:8#s3cr3t@host/a.git", "https://ann:8?s3cr3t@host/a.git", "https://ann:%zz" + password + "@host/a",
	} {
		_, _, err := ParseAddress(in)
		if !errors.Is(err, ErrURL) {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v shows the password", in, err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"https://a:b@host/path", "a@b:c", "ssh://h:22/x", "file:///x", "::", "a:b@c:d", "https://[::1]:2/a", "git@[::1]:a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		a, c, err := ParseAddress(in)
		if err != nil {
			return
		}
		shown := a.String()
		if password := string(c.Password); len(password) > 5 && !strings.Contains(strings.Replace(in, password, "", 1), password) && strings.Contains(shown, password) {
			t.Errorf("%q shows the password: %q", in, shown)
		}
		if a.scheme == "file" {
			return
		}
		again, _, err := ParseAddress(shown)
		if err != nil || again.String() != shown || again.Name() != a.Name() {
			t.Errorf("%q is shown as %q, which is read as %q (%v)", in, shown, again, err)
		}
	})
}
