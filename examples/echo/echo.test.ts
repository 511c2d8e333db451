import assert from 'node:assert/strict'
import test from 'node:test'
import { kernelHost } from 'reticle/kernel'
import { askEcho } from './client.ts'
import { serveEcho } from './server.ts'
import { simulateEcho } from './simulated.ts'

test('on this machine', async () => {
  const printed: string[] = []
  const server = await serveEcho(kernelHost(), (line) => printed.push(line), 0)
  const port = server.getsockname()[1]
  assert.equal(await askEcho(kernelHost(), ['localhost', port], 'Grüße'), 'Grüße')
  await server.close()
  assert.match(printed[1]!, /^Client connected: 127\.0\.0\.1 : \d+$/)
})

test('in the simulator: the same files, lost packets sent again, the same run twice', async () => {
  const run = await simulateEcho(0.25, 6)
  assert.equal(run.reply, 'Hello, simulated network!')
  assert.match(run.printed[1]!, /^Client connected: [\d.]+ : \d+$/)
  assert.match(run.ladder, /✗ loss on laptop--server/)
  assert.match(run.ladder, /retransmission \(/)
  assert.deepEqual(await simulateEcho(0.25, 6), run)
})
