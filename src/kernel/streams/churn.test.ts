import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kernelHost } from '../host.ts'
import { churn, left } from '../trial/churn.ts'
import { DRIVERS } from '../trial/drivers.ts'

for (const driver of DRIVERS)
  test(`${driver}: connections abandoned at every point leave no descriptor and no memory behind`, async () => {
    const host = kernelHost({ driver })
    await churn(host, 500, 'warm-up')
    const before = await left()
    const made = await churn(host, 1_500, 'churn')
    const after = await left()
    assert.ok(made > 1_000)
    assert.equal(after.descriptors, before.descriptors)
    assert.ok(after.heap - before.heap < 2_000_000, `${after.heap - before.heap} bytes more`) // 1,300 for each
  })
