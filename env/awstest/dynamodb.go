package awstest

import "sync"

// tables makes DynamoDB's requests one at a time: its transactions are "all or
// nothing" and serializable (Amazon DynamoDB Developer Guide, "Amazon DynamoDB
// Transactions: How it works"), and moto's threads do not wait for each other.
type tables struct{ mu sync.Mutex }

func (d *tables) serve(c *call, moto func(*call) *answer) *answer {
	d.mu.Lock()
	defer d.mu.Unlock()
	return moto(c)
}
