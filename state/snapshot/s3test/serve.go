package s3test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
)

// Answers that the function given to Inject can return instead of a status.
const (
	Serve           = 0  // the request is served as usual
	Disconnect      = -1 // the connection is closed and nothing is done
	DisconnectAfter = -2 // the request is done, and the connection closed without an answer
)

// Inject sets the function that decides on each later request: Serve, Disconnect,
// DisconnectAfter or the HTTP status to answer with instead of serving it. nil serves all
// requests again. Several goroutines may call decide at once.
func (s *Server) Inject(decide func(*http.Request) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide = decide
}

// Requests returns the requests so far, in the order of the answers.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ServeHTTP serves one request of S3's API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	decide := s.decide
	s.mu.Unlock()
	injection := Serve
	if decide != nil {
		injection = decide(r)
	}
	answer := httptest.NewRecorder()
	switch injection {
	case Serve, DisconnectAfter:
		s.serve(answer, r)
	case Disconnect:
	default:
		refuse(answer, injection)
	}
	if injection == Disconnect || injection == DisconnectAfter {
		s.log(r, 0)
		panic(http.ErrAbortHandler) // net/http closes the connection
	}
	s.log(r, answer.Code)
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // the client may have disconnected
}

func (s *Server) log(r *http.Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Clone(), status})
}

// serve adds what gofakes3 lacks: it checks checksums as S3 does, and stores an object's
// SHA-256 with it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has disconnected
		}
		if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
			refuse(w, http.StatusNotImplemented) // gofakes3 would store the framing
			return
		}
		sha := sha256.Sum256(body)
		sum := base64.StdEncoding.EncodeToString(sha[:])
		crc := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
		if checksumDiffers(r, "X-Amz-Checksum-Sha256", sum) || checksumDiffers(r, "X-Amz-Checksum-Crc32", crc) {
			refuse(w, http.StatusBadRequest)
			return
		}
		r.Header.Del("X-Amz-Checksum-Crc32")
		r.Header.Set("X-Amz-Checksum-Sha256", sum)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	s.s3.ServeHTTP(w, r)
}

func checksumDiffers(r *http.Request, header, sum string) bool {
	sent := r.Header.Get(header)
	return sent != "" && sent != sum
}

var errorCodes = map[int]string{
	http.StatusBadRequest:          "BadDigest",
	http.StatusForbidden:           "AccessDenied",
	http.StatusNotFound:            "NoSuchBucket",
	http.StatusConflict:            "ConditionalRequestConflict",
	http.StatusPreconditionFailed:  "PreconditionFailed",
	http.StatusInternalServerError: "InternalError",
	http.StatusNotImplemented:      "NotImplemented",
	http.StatusServiceUnavailable:  "SlowDown",
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\"?>\n<Error><Code>%s</Code><Message>s3test was told to refuse</Message></Error>\n", errorCodes[status])
}
