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

// maxS3ObjectBytes is the size limit of one PutObject in S3, in bytes.
const maxS3ObjectBytes = 5 << 30

// s3BlobStore is a blobStore in an S3 bucket, or below a prefix of one.
type s3BlobStore struct {
	client *s3.Client
	name   string
	prefix string // "" or "a/b/"
}

func newS3BlobStore(name, prefix string, cfg aws.Config) *s3BlobStore {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		// Endpoints other than AWS's own seldom have a host name per bucket.
		o.UsePathStyle = o.BaseEndpoint != nil
		// Not all of them store checksums. Packs have a checksum of their own.
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	if prefix != "" {
		prefix += "/"
	}
	return &s3BlobStore{client, name, prefix}
}

func (s *s3BlobStore) location(key string) string { return "s3://" + s.name + "/" + s.prefix + key }

// maxConflictTries is how often to try a conditional put when S3 reports another write to
// the key in progress (409), which decides nothing.
const maxConflictTries = 5

func (s *s3BlobStore) create(ctx context.Context, key string, b *blob) (err error) {
	for range maxConflictTries {
		err = s.write(ctx, key, b, aws.String("*"))
		if statusOf(err) != http.StatusConflict {
			break
		}
	}
	if statusOf(err) == http.StatusPreconditionFailed {
		return errExists
	}
	return s.wrapError(key, err)
}

func (s *s3BlobStore) put(ctx context.Context, key string, b *blob) error {
	return s.wrapError(key, s.write(ctx, key, b, nil))
}

func (s *s3BlobStore) write(ctx context.Context, key string, b *blob, ifNoneMatch *string) error {
	if b.size > maxS3ObjectBytes {
		return fmt.Errorf("%d bytes are more than S3 takes in one object by PutObject (%d): keep large files out of the repository", b.size, int64(maxS3ObjectBytes))
	}
	sum := b.sha()
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:         &s.name,
		Key:            aws.String(s.prefix + key),
		Body:           b.reader(),
		ContentLength:  &b.size,
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum[:])),
		IfNoneMatch:    ifNoneMatch,
	})
	return err
}

func (s *s3BlobStore) get(ctx context.Context, key string) (io.ReadCloser, error) {
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket:       &s.name,
		Key:          aws.String(s.prefix + key),
		ChecksumMode: types.ChecksumModeEnabled, // checked while the object is read
	})
	if err != nil {
		return nil, s.wrapError(key, err)
	}
	return out.Body, nil
}

func (s *s3BlobStore) checksum(ctx context.Context, key string) (sum [sha256.Size]byte, err error) {
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket:       &s.name,
		Key:          aws.String(s.prefix + key),
		ChecksumMode: types.ChecksumModeEnabled,
	})
	if err != nil {
		return sum, s.wrapError(key, err)
	}
	stored, err := base64.StdEncoding.DecodeString(aws.ToString(head.ChecksumSHA256))
	if err == nil && len(stored) == len(sum) {
		return [sha256.Size]byte(stored), nil
	}
	// Another program put the object, or the store has no checksum: read the contents.
	body, err := s.get(ctx, key)
	if err != nil {
		return sum, err
	}
	defer body.Close()
	return checksumOf(body)
}

func (s *s3BlobStore) list(ctx context.Context, dir string) ([]blobInfo, error) {
	prefix := s.prefix
	if dir != "" {
		prefix += dir + "/"
	}
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
		Bucket: &s.name, Prefix: &prefix, Delimiter: aws.String("/"),
	})
	var objects []blobInfo
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.wrapError(dir, err)
		}
		for _, o := range page.Contents {
			if name := path.Base(*o.Key); !strings.HasSuffix(*o.Key, "/") {
				objects = append(objects, blobInfo{name: name, size: aws.ToInt64(o.Size), modTime: aws.ToTime(o.LastModified)})
			}
		}
		for _, p := range page.CommonPrefixes {
			objects = append(objects, blobInfo{name: path.Base(*p.Prefix), isDir: true})
		}
	}
	return objects, nil
}

func (s *s3BlobStore) remove(ctx context.Context, key string) error {
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.name, Key: aws.String(s.prefix + key)})
	return s.wrapError(key, err)
}

// statusOf returns the HTTP status of S3's answer, 0 if there was none.
func statusOf(err error) int {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// wrapError adds to an error of S3 the object, and what to do.
func (s *s3BlobStore) wrapError(key string, err error) error {
	if err == nil {
		return nil
	}
	location := s.location(key)
	var api smithy.APIError
	_ = errors.As(err, &api)
	switch code := ""; statusOf(err) {
	case http.StatusNotFound:
		if api != nil {
			code = api.ErrorCode()
		}
		if code == "NoSuchBucket" {
			return fmt.Errorf("%s: there is no bucket %s: create it, or correct --snapshots: %w", location, s.name, err)
		}
		return fmt.Errorf("%s: %w", location, ErrNotFound)
	case http.StatusForbidden:
		return fmt.Errorf("%s: access denied: the role needs s3:GetObject and s3:PutObject on the prefix (s3:DeleteObject to remove old snapshots), s3:ListBucket on the bucket, and the use of its KMS key: %w", location, err)
	case http.StatusMovedPermanently:
		return fmt.Errorf("%s: the bucket is in another Region: set AWS_REGION to it: %w", location, err)
	}
	return fmt.Errorf("%s: %w", location, err)
}
