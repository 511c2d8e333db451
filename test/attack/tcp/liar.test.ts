import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meet } from './liar.ts'

/** `RETICLE_LIARS=20000 node --test test/attack/tcp/liar.test.ts` meets more of them. */
const RUNS = Number(process.env.RETICLE_LIARS ?? 600)

test(`a peer that lies in every way it can: nothing throws, nothing hangs, nothing is left, for ${RUNS} seeds`, async () => {
  for (let seed = 0; seed < RUNS; seed++)
    await meet(seed).catch((error: Error) => assert.fail(`seed ${seed}: ${error.message}`))
})
