#!/usr/bin/env node
// Judges requests by IAM's rules, one a line: a Simulation of
// @cloud-copilot/iam-simulate in JSON is answered by "Allowed",
// "ImplicitlyDenied", "ExplicitlyDenied", or "error: " and what is wrong with
// the question. Actions, their resources and the context that they are asked
// in are held to AWS's own lists.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await runSimulation(JSON.parse(line), {})
  const ignored = answer.result?.ignoredContextKeys ?? answer.results?.flatMap((r) => r.ignoredContextKeys) ?? []
  if (answer.resultType === 'error') {
    console.log(`error: ${JSON.stringify(answer.errors)}`)
  } else if (ignored.length > 0) {
    console.log(`error: the action knows nothing of ${ignored}`)
  } else {
    console.log(answer.overallResult)
  }
}
