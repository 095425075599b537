package statetest

import (
	"testing"

	"reconcile/state"
)

// Open opens one more handle on a store.
type Open func() state.Store

// Run runs the suite that every store passes. fresh makes an empty store and returns a
// function that opens it any number of times.
func Run(t *testing.T, fresh func(t *testing.T) Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"items":         testItems,
		"conditions":    testConditions,
		"atomic writes": testAtomicWrites,
		"lists":         testLists,
		"values":        testValues,
		"large":         testLarge,
		"refusals":      testRefusals,
		"cancelled":     testCancelled,
		"concurrency":   testConcurrency,

		"head":         testHead,
		"adoption":     testAdoption,
		"distrust":     testDistrust,
		"holds":        testHolds,
		"snapshots":    testSnapshotHolds,
		"runs":         testRuns,
		"large run":    testLargeRun,
		"newer schema": testNewerSchema,
		"corrupt":      testCorrupt,
		"workspace":    testWorkspace,
		"rename":       testRename,
		"forget":       testForget,
		"approval":     testApproval,
		"comments":     testComments,
		"before merge": testApprovalBeforeMerge,
		"rollout":      testRolloutOrders,

		"many inputs":   testManyInputs,
		"corrupt parts": testCorruptParts,
		"long texts":    testLongTexts,

		"task":               testTask,
		"notification state": testNotificationState,

		"lease":         testLease,
		"takeover":      testTakeover,
		"renewal":       testRenewal,
		"waiting":       testWaiting,
		"skewed clocks": testSkewedClocks,
		"unrenewable":   testUnrenewable,
		"system sleep":  testSystemSleep,
		"dead holder":   testDeadHolder,
		"unlock":        testUnlock,
		"tip moved":     testTipMoved,
		"ambiguous":     testAmbiguous,
		"late writes":   testLateWrites,
		"unreachable":   testUnreachable,
		"race":          testRace,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh(t))
		})
	}
}
