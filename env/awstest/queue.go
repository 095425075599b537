package awstest

import "sync"

// queue makes a service's requests one at a time, where moto's threads do not
// wait for each other: DynamoDB's transactions are "all or nothing" and
// serializable (Amazon DynamoDB Developer Guide, "Amazon DynamoDB Transactions:
// How it works"), and in IAM it goes through the roles while others are made.
type queue struct{ mu sync.Mutex }

func (q *queue) serve(c *call, moto func(*call) *answer) *answer {
	q.mu.Lock()
	defer q.mu.Unlock()
	return moto(c)
}
