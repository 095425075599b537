package statetest

import (
	"testing"

	"reconcile/state"
)

// Open opens one more handle on a store.
type Open func() state.Store

// Run is the suite that every store passes. fresh makes an empty store and
// returns how to open it, as often as is wanted.
func Run(t *testing.T, fresh func(t *testing.T) Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"items":       testItems,
		"conditions":  testConditions,
		"together":    testAtomicWrites,
		"lists":       testLists,
		"values":      testValues,
		"large":       testLarge,
		"refusals":    testRefusals,
		"cancelled":   testCancelled,
		"concurrency": testConcurrency,

		"head":      testHead,
		"adoption":  testAdoption,
		"distrust":  testDistrust,
		"holds":     testHolds,
		"runs":      testRuns,
		"large run": testLargeRun,
		"newer":     testNewerSchema,
		"corrupt":   testCorrupt,
		"workspace": testWorkspace,
		"rename":    testRename,

		"many inputs":   testManyInputs,
		"damaged parts": testDamagedParts,
		"long texts":    testLongTexts,

		"task": testTask,
		"told": testNotificationState,

		"lease":         testLease,
		"takeover":      testTakeover,
		"renewed":       testRenewal,
		"waiting":       testWaiting,
		"skewed clocks": testSkewedClocks,
		"unrenewable":   testUnrenewable,
		"asleep":        testSystemSleep,
		"dead holder":   testDeadHolder,
		"unlock":        testUnlock,
		"moved":         testTipMoved,
		"ambiguous":     testAmbiguous,
		"late":          testLateWrites,
		"unreachable":   testUnreachable,
		"race":          testRace,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh(t))
		})
	}
}
