package awstest

import (
	"bytes"
	"sync"
)

// serializer runs a service's requests one at a time, where moto's threads do not
// synchronize. DynamoDB's transactions are "all or nothing" and serializable (Amazon
// DynamoDB Developer Guide, "Amazon DynamoDB Transactions: How it works").
// In ECS, moto failed when the clusters of two Regions were created at the same time, and in
// CloudWatch Logs when groups were listed while one was made.
type serializer struct{ mu sync.Mutex }

func (q *serializer) serve(c *call, moto func(*call) *response) *response {
	q.mu.Lock()
	defer q.mu.Unlock()
	return moto(c)
}

// identityStore runs IAM's calls one at a time: moto iterates over the roles while others
// are created. It also gives a service-linked role the name that AWS gives it. moto makes
// a name with a suffix from a service's name of two parts, and clients would take the
// suffix for one that they must ask for.
type identityStore struct{ mu sync.Mutex }

// linkedRoleNames are names of service-linked roles that moto does not know, by moto's own
// (API Gateway Developer Guide, "Using service-linked roles for API Gateway").
var linkedRoleNames = map[string]string{
	"AWSServiceRoleForapigateway_Ops": "AWSServiceRoleForAPIGateway",
}

func (i *identityStore) serve(c *call, moto func(*call) *response) *response {
	i.mu.Lock()
	defer i.mu.Unlock()
	motoCall := *c
	for name, awsName := range linkedRoleNames {
		motoCall.body = bytes.ReplaceAll(motoCall.body, []byte(awsName), []byte(name))
	}
	got := moto(&motoCall)
	for name, awsName := range linkedRoleNames {
		got.body = bytes.ReplaceAll(got.body, []byte(name), []byte(awsName))
	}
	return got
}
