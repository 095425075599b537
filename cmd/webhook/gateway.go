package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"strings"
	"time"

	"reconcile/reconciler/backlog/webhook"
)

const (
	// awsTimeout bounds calls of AWS. API Gateway waits 29 s.
	awsTimeout = 20 * time.Second
	// answerReserve is the part of the function's time that is reserved for the response.
	answerReserve = 500 * time.Millisecond
)

// event is the input from API Gateway: payload format 1.0 of REST and HTTP APIs, 2.0 of HTTP APIs.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
type event struct {
	Version        string `json:"version"`    // "2.0"; "1.0" or nothing
	HTTPMethod     string `json:"httpMethod"` // 1.0
	RequestContext struct {
		Identity struct { // 1.0
			SourceIP string `json:"sourceIp"`
		} `json:"identity"`
		HTTP struct { // 2.0
			Method   string `json:"method"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
	} `json:"requestContext"`
	Headers         map[string]string `json:"headers"`
	PathParameters  map[string]string `json:"pathParameters"`
	Query           map[string]string `json:"queryStringParameters"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// response is the output for API Gateway, in both formats.
type response struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
}

func (f *function) handle(ctx context.Context, e event) (response, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel func()
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-answerReserve))
		defer cancel()
	}
	answer := f.receiver.Receive(ctx, e.toRequest())
	body, err := json.Marshal(answer)
	return response{
		StatusCode: answer.Status, Body: string(body), Headers: map[string]string{"Content-Type": "application/json"},
	}, err
}

func (e event) toRequest() webhook.Request {
	q := webhook.Request{Method: e.HTTPMethod, Token: e.PathParameters[webhook.TokenName], Body: strings.NewReader(e.Body)}
	from := e.RequestContext.Identity.SourceIP
	if e.Version == "2.0" {
		q.Method, from = e.RequestContext.HTTP.Method, e.RequestContext.HTTP.SourceIP
	}
	q.From, _ = netip.ParseAddr(from) // an invalid address is on no allow-list
	if q.Token == "" {
		q.Token = e.Query[webhook.TokenName]
	}
	for name, value := range e.Headers {
		if strings.EqualFold(name, "Content-Type") {
			q.ContentType = value
		}
	}
	if e.IsBase64Encoded {
		q.Body = base64.NewDecoder(base64.StdEncoding, q.Body)
	}
	return q
}
