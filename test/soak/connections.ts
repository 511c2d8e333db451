/**
 * 100,000 connections of each kernel driver, abandoned by either side at every point of their lives.
 * `node test/soak/connections.ts [CONNECTIONS] [DRIVER]`. Exit status 1 when descriptors or memory are left over.
 */
import { kernelHost } from '../../src/kernel/index.ts'
import { churn, left } from '../../src/kernel/trial/churn.ts'
import { DRIVERS } from '../../src/kernel/trial/drivers.ts'

/** What a tenth of the run may have left behind beside what the first tenth did: caches, compiled code. */
const MOST_HEAP = 4_000_000
const count = Number(process.argv[2] ?? 100_000)

for (const driver of DRIVERS) {
  if (process.argv[3] !== undefined && process.argv[3] !== driver) continue
  const host = kernelHost({ driver })
  await churn(host, count / 10, 'warm-up')
  const before = await left()
  const made = await churn(host, count, 'soak')
  const after = await left()
  const heap = after.heap - before.heap
  const descriptors = after.descriptors - before.descriptors
  const rss = Math.round(process.memoryUsage().rss / 1e6)
  console.log(
    `${driver}: ${made} of ${count} connections, ${descriptors} descriptors and ${heap} bytes more; ${rss} MB`,
  )
  if (descriptors !== 0 || heap > MOST_HEAP) process.exitCode = 1
}
