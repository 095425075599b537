#!/usr/bin/env node
// Judges requests by IAM's rules, one a line: a Simulation of
// @cloud-copilot/iam-simulate in JSON is answered by "Allowed",
// "ImplicitlyDenied", "ExplicitlyDenied", or "error: " and what is wrong with
// the question. Actions, their resources and the context that they are asked
// in are held to AWS's own lists.
import { createInterface } from 'node:readline'
import { runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate'

// Some requests are judged without that: where the ARN of one thing fits
// another's form, too (an API's and its parts', and of backups a recovery
// point's, which fits any), and for what is made in an API, whose paths the
// lists lack.
for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line)
  const answer = await runSimulation(question, {})
  const problem = answer.errors?.message
  if (problem === 'multiple.resource.types' || (problem === 'no.resource.types' && question.request.action === 'apigateway:POST')) {
    console.log(runUnsafeSimulation(question, {}))
    continue
  }
  const ignored = answer.result?.ignoredContextKeys ?? answer.results?.flatMap((r) => r.ignoredContextKeys) ?? []
  if (answer.resultType === 'error') {
    console.log(`error: ${JSON.stringify(answer.errors)}`)
  } else if (ignored.length > 0) {
    console.log(`error: the action knows nothing of ${ignored}`)
  } else {
    console.log(answer.overallResult)
  }
}
