package awstest

import "sync"

// serializer makes a service's requests one at a time, where moto's threads do not
// wait for each other: DynamoDB's transactions are "all or nothing" and
// serializable (Amazon DynamoDB Developer Guide, "Amazon DynamoDB Transactions:
// How it works"), and in IAM it goes through the roles while others are made.
type serializer struct{ mu sync.Mutex }

func (q *serializer) serve(c *call, moto func(*call) *response) *response {
	q.mu.Lock()
	defer q.mu.Unlock()
	return moto(c)
}
