import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowed, kept, table, throughput } from './throughput.ts'

test('without loss a stream carries at least 90 % of what the buffers and the line allow', async () => {
  for (const roundTrip of [1, 20, 100]) {
    const carried = await throughput(roundTrip, 0, 'reno', 1)
    const most = allowed(roundTrip)
    assert.ok(carried >= 0.9 * most, `${carried} of ${most} Mbit/s at a round trip of ${roundTrip} ms`)
  }
})

test('what a stream carries by round trip and loss is what the table says', async () => {
  assert.equal(await table(), kept(), 'if this is meant: node test/sim/throughput.ts --write')
})
