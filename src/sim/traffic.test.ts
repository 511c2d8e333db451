import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faults, traffic } from './trial/traffic.ts'

test('three streams each way behind NAT in bad weather: intact, or both ends learn why not, for ten seeds', async () => {
  let intact = 0
  for (let seed = 1; seed <= 10; seed++) {
    const run = await traffic(seed)
    assert.deepEqual(faults(run), [], `seed ${seed}`)
    intact += run.outcomes.filter(({ told }) => told === 'closed').length
  }
  assert.ok(intact >= 40, `${intact} of about 60 ends saw a whole stream`)
})
