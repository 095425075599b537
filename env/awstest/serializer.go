package awstest

import "sync"

// serializer runs a service's requests one at a time, where moto's threads do not
// synchronize. DynamoDB's transactions are "all or nothing" and serializable (Amazon
// DynamoDB Developer Guide, "Amazon DynamoDB Transactions: How it works"). In IAM, moto
// iterates over the roles while others are created.
type serializer struct{ mu sync.Mutex }

func (q *serializer) serve(c *call, moto func(*call) *response) *response {
	q.mu.Lock()
	defer q.mu.Unlock()
	return moto(c)
}
