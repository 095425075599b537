package awsfake

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Account fakes what `doctor --estate` asks of an account. It follows the API references
// of STS 2011-06-15 and SNS 2010-03-31 (query protocol, XML), Service Quotas 2019-06-24
// and CloudTrail 2013-11-01 (JSON protocol 1.1).
type Account struct {
	ID string
	// Quotas are applied values, by "REGION SERVICE CODE". A quota that was never applied
	// has its value in Defaults, by "SERVICE CODE".
	Quotas, Defaults map[string]float64
	// Topics are the subscriptions by the topic's ARN. One that nobody confirmed has
	// "PendingConfirmation" in place of an ARN.
	Topics map[string][]Subscription
	Trails []Trail
	// Denied is the error code of every answer; "": none.
	Denied string
}

// Subscription is a subscription of a topic.
type Subscription struct{ SubscriptionArn, Protocol, Endpoint string }

// Trail is a trail of CloudTrail.
type Trail struct {
	TrailARN           string
	IsMultiRegionTrail bool
	IsLogging          bool `json:"-"`
}

// StartAccount serves the account until the test ends, and returns the URL.
func StartAccount(t testing.TB, a *Account) string {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return server.URL
}

var signedRegion = regexp.MustCompile(`Credential=[^/]+/\d{8}/([^/]+)/`)

// ServeHTTP implements http.Handler.
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller has disconnected
	}
	m := signedRegion.FindStringSubmatch(r.Header.Get("Authorization"))
	target := r.Header.Get("X-Amz-Target")
	switch {
	case m == nil:
		writeError(w, "IncompleteSignatureException", "the request is not signed")
	case target == "":
		a.serveQuery(w, body)
	case a.Denied != "":
		writeError(w, a.Denied, "told to fail")
	default:
		a.serveJSON(w, m[1], target[strings.LastIndex(target, ".")+1:], body)
	}
}

func (a *Account) serveJSON(w http.ResponseWriter, region, action string, body []byte) {
	var in struct{ ServiceCode, QuotaCode, Name string }
	if !decode(w, body, &in) {
		return
	}
	code := in.ServiceCode + " " + in.QuotaCode
	switch action {
	case "GetServiceQuota":
		writeQuota(w, a.Quotas, region+" "+code)
	case "GetAWSDefaultServiceQuota":
		writeQuota(w, a.Defaults, code)
	case "DescribeTrails":
		writeReply(w, http.StatusOK, object{"trailList": a.Trails})
	case "GetTrailStatus":
		for _, trail := range a.Trails {
			if trail.TrailARN == in.Name {
				writeReply(w, http.StatusOK, object{"IsLogging": trail.IsLogging})
				return
			}
		}
		writeError(w, "TrailNotFoundException", in.Name)
	default:
		writeError(w, "UnknownOperationException", action)
	}
}

func writeQuota(w http.ResponseWriter, values map[string]float64, key string) {
	value, ok := values[key]
	if !ok {
		writeError(w, "NoSuchResourceException", "The request failed because the specified quota does not exist: "+key)
		return
	}
	writeReply(w, http.StatusOK, object{"Quota": object{"Value": value}})
}

func (a *Account) serveQuery(w http.ResponseWriter, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		writeXMLError(w, http.StatusBadRequest, "MalformedQueryString")
		return
	}
	topic, found := a.Topics[form.Get("TopicArn")]
	switch action := form.Get("Action"); {
	case a.Denied != "":
		writeXMLError(w, http.StatusForbidden, "AuthorizationError")
	case action == "GetCallerIdentity":
		type result struct{ Arn, UserId, Account string }
		writeXML(w, http.StatusOK, struct {
			XMLName xml.Name `xml:"GetCallerIdentityResponse"`
			Result  result   `xml:"GetCallerIdentityResult"`
		}{Result: result{"arn:aws:iam::" + a.ID + ":user/ann", "AIDA0000000000000000", a.ID}})
	case action == "ListSubscriptionsByTopic" && found:
		writeXML(w, http.StatusOK, struct {
			XMLName       xml.Name       `xml:"ListSubscriptionsByTopicResponse"`
			Subscriptions []Subscription `xml:"ListSubscriptionsByTopicResult>Subscriptions>member"`
		}{Subscriptions: topic})
	case action == "ListSubscriptionsByTopic":
		writeXMLError(w, http.StatusNotFound, "NotFound")
	default:
		writeXMLError(w, http.StatusBadRequest, "InvalidAction")
	}
}

func writeXMLError(w http.ResponseWriter, status int, code string) {
	writeXML(w, status, struct {
		XMLName xml.Name `xml:"ErrorResponse"`
		Code    string   `xml:"Error>Code"`
	}{Code: code})
}

func writeXML(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(value)
}
