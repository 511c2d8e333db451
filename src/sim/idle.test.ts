import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../socket/host.ts'
import { internet, minutes, ms } from './index.ts'

const QUIET = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} }

test('fifty idle hosts, each with an open connection, cost nothing for a simulated day', async () => {
  const net = internet({ seed: 1 })
  const hub = net.router('hub')
  const hosts = Array.from({ length: 50 }, (_, i) => net.host(`h${i}`))
  for (const host of hosts) net.link(host, hub, { latency: ms(2), loss: 0.01 })
  const open: Connection[] = []
  await net.run(async () => {
    await hub.listen({ address: '0.0.0.0', port: 80 }, (connection) => connection.attach(QUIET))
    for (const host of hosts) {
      const connection = await host.connect({ address: hub.address, port: 80 })
      connection.attach(QUIET)
      connection.write(new Uint8Array(100))
      open.push(connection)
    }
  })
  await net.run({ for: minutes(5) })
  const before = net.steps
  await net.run({ for: minutes(24 * 60) })
  assert.equal(open.length, 50)
  assert.equal(net.steps - before, 0)
})
