// Package target is where pages are written to: a directory, or a prefix of an S3 bucket.
package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Target is where pages are written to. Each file appears whole or not at all.
type Target interface {
	// Get returns a file; the error is fs.ErrNotExist if there is none.
	Get(ctx context.Context, name string) ([]byte, error)
	Put(ctx context.Context, name string, content []byte) error
	// Delete deletes a file. One that is not there is no error.
	Delete(ctx context.Context, name string) error
	// Dirs returns the names of the directories at the top.
	Dirs(ctx context.Context) ([]string, error)
}

// Dir is a directory of this machine, for a web server to show.
type Dir string

func (d Dir) path(name string) string { return filepath.Join(string(d), filepath.FromSlash(name)) }

// Get implements Target.
func (d Dir) Get(_ context.Context, name string) ([]byte, error) { return os.ReadFile(d.path(name)) }

// Put implements Target. The server is often another user, so all may read the file.
func (d Dir) Put(_ context.Context, name string, content []byte) error {
	dir := filepath.Dir(d.path(name))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".page-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), d.path(name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// Delete implements Target.
func (d Dir) Delete(_ context.Context, name string) error {
	if err := os.Remove(d.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Dirs implements Target.
func (d Dir) Dirs(context.Context) ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// Bucket is a prefix of an S3 bucket.
type Bucket struct {
	client       *s3.Client
	name, prefix string
}

// NewBucket returns the prefix of a location BUCKET/PREFIX.
func NewBucket(location string, cfg aws.Config) *Bucket {
	name, prefix, _ := strings.Cut(location, "/")
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		// Endpoints other than AWS's own seldom have a host name per bucket.
		o.UsePathStyle = o.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	return &Bucket{client, name, prefix}
}

// Get implements Target.
func (b *Bucket) Get(ctx context.Context, name string) ([]byte, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + name)})
	if err != nil {
		return nil, b.explain(name, err)
	}
	content, err := io.ReadAll(out.Body)
	return content, errors.Join(err, out.Body.Close())
}

// Put implements Target.
func (b *Bucket) Put(ctx context.Context, name string, content []byte) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: aws.String(b.prefix + name), Body: bytes.NewReader(content),
		ContentType: aws.String(ContentType(name)), CacheControl: aws.String(CacheControl(name)),
	})
	return b.explain(name, err)
}

// Delete implements Target.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + name)})
	return b.explain(name, err)
}

// Dirs implements Target.
func (b *Bucket) Dirs(ctx context.Context) ([]string, error) {
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &b.prefix, Delimiter: aws.String("/")})
	var names []string
	for pages.HasMorePages() {
		list, err := pages.NextPage(ctx)
		if err != nil {
			return nil, b.explain("", err)
		}
		for _, p := range list.CommonPrefixes {
			names = append(names, path.Base(aws.ToString(p.Prefix)))
		}
	}
	return names, nil
}

func (b *Bucket) explain(name string, err error) error {
	if err == nil {
		return nil
	}
	location := "s3://" + b.name + "/" + b.prefix + name
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		switch answer.HTTPStatusCode() {
		case http.StatusNotFound:
			return fmt.Errorf("%s: %w (%w)", location, fs.ErrNotExist, err)
		case http.StatusForbidden:
			return fmt.Errorf("%s: access denied: the role needs s3:GetObject, s3:PutObject and s3:DeleteObject on the prefix, and s3:ListBucket on the bucket: %w", location, err)
		}
	}
	return fmt.Errorf("%s: %w", location, err)
}

// AssetsDir is the directory of files that are named by the hashes of their contents.
const AssetsDir = "assets/"

// ContentType returns the media type of a file of a page.
func ContentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	}
	return "text/html; charset=utf-8"
}

// CacheControl says how long a browser may keep a file: one that is named by its hash as
// long as it likes.
func CacheControl(name string) string {
	if strings.Contains("/"+name, "/"+AssetsDir) {
		return "private, max-age=31536000, immutable"
	}
	return "private, no-cache"
}
