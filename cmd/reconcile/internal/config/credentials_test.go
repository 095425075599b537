package config

import (
	"strings"
	"testing"

	"reconcile/internal/awsfake"
	"reconcile/internal/secret"
)

const pemKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----"

func TestParseCredentials(t *testing.T) {
	for _, test := range []struct {
		name, secret             string
		username, password, priv string
		wrong                    string
	}{
		{name: "password", secret: `{"username":"ann","password":"pw","more":1}`, username: "ann", password: "pw"},
		{name: "key in JSON", secret: `{"username":"git","private_key":"-----BEGIN X\n"}`, username: "git", priv: "-----BEGIN X\n"},
		{name: "key as it is", secret: "\n" + pemKey + "\n\n", priv: pemKey + "\n"},
		{name: "no password", secret: `{"username":"ann"}`, wrong: "lacks a field"},
		{name: "text", secret: "hunter2", wrong: "neither JSON nor a private key"},
		{name: "empty", secret: "", wrong: "neither JSON nor a private key"},
		{name: "list", secret: "[]", wrong: "neither JSON nor a private key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := parseCredentials(secret.Text(test.secret))
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Fatalf("got %v, want %s", err, test.wrong)
				}
				return
			}
			if err != nil || string(c.Username) != test.username || string(c.Password) != test.password || string(c.PrivateKey) != test.priv {
				t.Errorf("got %q, %q, %q, %v", string(c.Username), string(c.Password), string(c.PrivateKey), err)
			}
		})
	}
}

// Whatever a secret holds, no error repeats it.
func FuzzParseCredentials(f *testing.F) {
	f.Add(`{"username":"ann","password":"pw"}`)
	f.Add(pemKey)
	f.Add(`{"private_key":5}`)
	f.Add("hunter2-hunter2")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCredentials(secret.Text(text))
		switch {
		case err == nil:
			if c.PrivateKey == "" && (c.Username == "" || c.Password == "") {
				t.Error("nothing to prove who we are, and no error")
			}
		case len(text) > 12 && !strings.Contains("secret is neither JSON nor a private key; expected secret lacks a field; expected "+secretFormat, text) && strings.Contains(err.Error(), text):
			t.Errorf("the error repeats the secret: %v", err)
		}
	})
}

// The token is in the environment, or where that says.
func TestWebhookToken(t *testing.T) {
	cloud := awsfake.Start(t, nil)
	cloud.SetSecret("reconcile/webhook-token", "s3cret\n")
	t.Setenv("AWS_ENDPOINT_URL", cloud.URL)
	t.Setenv("AWS_REGION", "ap-northeast-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	var s Settings
	for _, location := range []secret.Text{"s3cret", "secretsmanager://reconcile/webhook-token"} {
		s.WebhookToken = location
		read, err := s.WebhookTokenReader()
		if err != nil {
			t.Fatal(err)
		}
		if token, err := read(t.Context()); err != nil || token != "s3cret" {
			t.Errorf("%q: %q, %v", string(location), string(token), err)
		}
	}
	s.WebhookToken = "secretsmanager://no-such"
	read, err := s.WebhookTokenReader()
	if err != nil {
		t.Fatal(err)
	}
	if token, err := read(t.Context()); err == nil || !strings.Contains(err.Error(), "no-such") {
		t.Errorf("%q, %v", string(token), err)
	}
}
