package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxObject is what S3 takes in one PutObject, in bytes.
const maxObject = 5 << 30

// s3Bucket is a bucket in S3, or in a part of one.
type s3Bucket struct {
	client *s3.Client
	name   string
	prefix string // "" or "a/b/"
}

func newS3Bucket(name, prefix string, cfg aws.Config) *s3Bucket {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		// Endpoints that are not AWS's own seldom have a host name a bucket.
		o.UsePathStyle = o.BaseEndpoint != nil
		// Not every one of them keeps checksums. Packs have one of their own.
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	if prefix != "" {
		prefix += "/"
	}
	return &s3Bucket{client, name, prefix}
}

func (s *s3Bucket) location(key string) string { return "s3://" + s.name + "/" + s.prefix + key }

// conflictTries is how often a conditional put is tried when S3 says that
// another write to the key was under way (409), which decides nothing.
const conflictTries = 5

func (s *s3Bucket) create(ctx context.Context, key string, b *blob) (err error) {
	for range conflictTries {
		err = s.write(ctx, key, b, aws.String("*"))
		if status(err) != http.StatusConflict {
			break
		}
	}
	if status(err) == http.StatusPreconditionFailed {
		return errExists
	}
	return s.explain(key, err)
}

func (s *s3Bucket) put(ctx context.Context, key string, b *blob) error {
	return s.explain(key, s.write(ctx, key, b, nil))
}

func (s *s3Bucket) write(ctx context.Context, key string, b *blob, ifNoneMatch *string) error {
	if b.size > maxObject {
		return fmt.Errorf("%d bytes are more than S3 takes in one object by PutObject (%d): keep what is not configuration out of the repository", b.size, int64(maxObject))
	}
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:         &s.name,
		Key:            aws.String(s.prefix + key),
		Body:           b.reader(),
		ContentLength:  &b.size,
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(b.sha[:])),
		IfNoneMatch:    ifNoneMatch,
	})
	return err
}

func (s *s3Bucket) get(ctx context.Context, key string) (io.ReadCloser, error) {
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket:       &s.name,
		Key:          aws.String(s.prefix + key),
		ChecksumMode: types.ChecksumModeEnabled, // compared while it is read
	})
	if err != nil {
		return nil, s.explain(key, err)
	}
	return out.Body, nil
}

func (s *s3Bucket) sum(ctx context.Context, key string) (sum [sha256.Size]byte, err error) {
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket:       &s.name,
		Key:          aws.String(s.prefix + key),
		ChecksumMode: types.ChecksumModeEnabled,
	})
	if err != nil {
		return sum, s.explain(key, err)
	}
	stored, err := base64.StdEncoding.DecodeString(aws.ToString(head.ChecksumSHA256))
	if err == nil && len(stored) == len(sum) {
		return [sha256.Size]byte(stored), nil
	}
	// Not put by us, or not kept: the contents tell.
	body, err := s.get(ctx, key)
	if err != nil {
		return sum, err
	}
	defer body.Close()
	return sumOf(body)
}

func (s *s3Bucket) list(ctx context.Context, dir string) ([]object, error) {
	prefix := s.prefix
	if dir != "" {
		prefix += dir + "/"
	}
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
		Bucket: &s.name, Prefix: &prefix, Delimiter: aws.String("/"),
	})
	var objects []object
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.explain(dir, err)
		}
		for _, o := range page.Contents {
			if name := path.Base(*o.Key); !strings.HasSuffix(*o.Key, "/") {
				objects = append(objects, object{name: name, size: aws.ToInt64(o.Size), at: aws.ToTime(o.LastModified)})
			}
		}
		for _, p := range page.CommonPrefixes {
			objects = append(objects, object{name: path.Base(*p.Prefix), dir: true})
		}
	}
	return objects, nil
}

func (s *s3Bucket) remove(ctx context.Context, key string) error {
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.name, Key: aws.String(s.prefix + key)})
	return s.explain(key, err)
}

// status is the HTTP status of S3's answer, 0 if there was none.
func status(err error) int {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// explain says which object an error of S3 is about, and what to do.
func (s *s3Bucket) explain(key string, err error) error {
	if err == nil {
		return nil
	}
	where := s.location(key)
	var api smithy.APIError
	_ = errors.As(err, &api)
	switch code := ""; status(err) {
	case http.StatusNotFound:
		if api != nil {
			code = api.ErrorCode()
		}
		if code == "NoSuchBucket" {
			return fmt.Errorf("%s: there is no bucket %s: create it, or correct --snapshots: %w", where, s.name, err)
		}
		return fmt.Errorf("%s: %w", where, ErrNotFound)
	case http.StatusForbidden:
		return fmt.Errorf("%s: access denied: the role needs s3:GetObject and s3:PutObject on the prefix (s3:DeleteObject to remove old snapshots), s3:ListBucket on the bucket, and the use of its KMS key: %w", where, err)
	case http.StatusMovedPermanently:
		return fmt.Errorf("%s: the bucket is in another Region: set AWS_REGION to it: %w", where, err)
	}
	return fmt.Errorf("%s: %w", where, err)
}
