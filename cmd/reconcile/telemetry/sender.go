package telemetry

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	pb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"reconcile/internal/files"
)

// sender posts one signal by OTLP over HTTP with protobuf. OpenTelemetry's own exporter links
// gRPC: 16 MB of program and 10 MB of memory in every process, even if it sends nothing.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
type sender struct {
	url     string
	headers http.Header
	timeout time.Duration
	client  *http.Client
}

// newSender reads the standard variables of a signal. Each wins over the variable for
// all signals: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
func newSender(signal, path string) (*sender, error) {
	get := func(name string) (string, string) {
		for _, full := range []string{"OTEL_EXPORTER_OTLP_" + signal + "_" + name, "OTEL_EXPORTER_OTLP_" + name} {
			if value := os.Getenv(full); value != "" {
				return value, full
			}
		}
		return "", ""
	}
	s := &sender{url: "http://localhost:4318" + path, headers: http.Header{}, timeout: exportTimeout}
	if protocol, name := get("PROTOCOL"); protocol != "" && protocol != "http/protobuf" {
		return nil, fmt.Errorf("%s=%s: only http/protobuf is supported (port 4318)", name, protocol)
	}
	if endpoint, name := get("ENDPOINT"); endpoint != "" {
		u, err := url.Parse(endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("%s=%s: expected a URL such as http://localhost:4318", name, redactURL(endpoint))
		}
		if name == "OTEL_EXPORTER_OTLP_ENDPOINT" { // the base of all signals
			u = u.JoinPath(path)
		}
		s.url = u.String()
	}
	if text, name := get("HEADERS"); text != "" {
		for pair := range strings.SplitSeq(text, ",") {
			key, value, ok := strings.Cut(pair, "=")
			decoded, err := url.PathUnescape(strings.TrimSpace(value))
			if !ok || err != nil {
				return nil, fmt.Errorf("%s: expected key=value,key=value", name) // a value may be secret
			}
			s.headers.Set(strings.TrimSpace(key), decoded)
		}
	}
	if text, name := get("TIMEOUT"); text != "" {
		ms, err := strconv.Atoi(text)
		if err != nil || ms <= 0 {
			return nil, fmt.Errorf("%s=%s: expected milliseconds", name, text)
		}
		s.timeout = time.Duration(ms) * time.Millisecond
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if file, name := get("CERTIFICATE"); file != "" {
		pem, err := files.ReadRegular(file, files.MaxConfig)
		pool := x509.NewCertPool()
		if err == nil && !pool.AppendCertsFromPEM(pem) {
			err = errors.New("no certificate in PEM")
		}
		if err != nil {
			return nil, fmt.Errorf("%s=%s: %w", name, file, err)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	s.client = &http.Client{Transport: transport}
	return s, nil
}

// redactURL returns an address for people. Keys of receivers are in user parts and queries.
func redactURL(text string) string {
	address, _, _ := strings.Cut(text, "?")
	scheme, rest, hasScheme := strings.Cut(address, "://")
	if !hasScheme {
		return address[strings.LastIndex(address, "@")+1:]
	}
	return scheme + "://" + rest[strings.LastIndex(rest, "@")+1:]
}

// send posts a message. It retries until timeout while the receiver's status allows a
// retry.
func (s *sender) send(ctx context.Context, message proto.Message) error {
	body, err := proto.Marshal(message)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	_, err = backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, s.post(ctx, body) })
	return err
}

func (s *sender) post(ctx context.Context, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(err)
	}
	request.Header = s.headers.Clone()
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := s.client.Do(request)
	if err != nil {
		// No receiver: the pass does not wait for one. A url.Error would quote the address.
		var wrapped *url.Error
		for errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return backoff.Permanent(fmt.Errorf("POST %s: %w", redactURL(s.url), err))
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)) // so that the connection can be reused
	statusErr := fmt.Errorf("POST %s: %s", redactURL(s.url), response.Status)
	switch response.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
			return backoff.RetryAfter(seconds)
		}
		return statusErr
	}
	return backoff.Permanent(statusErr)
}

// traceClient sends the spans that otlptrace exports. TracesData has the same encoding
// as the collector's ExportTraceServiceRequest.
type traceClient struct{ sender *sender }

// Start implements otlptrace.Client.
func (traceClient) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c traceClient) Stop(context.Context) error {
	c.sender.client.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client.
func (c traceClient) UploadTraces(ctx context.Context, spans []*pb.ResourceSpans) error {
	return c.sender.send(ctx, &pb.TracesData{ResourceSpans: spans})
}
