import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bench, udpFrame } from '../trial/bench.ts'

/** Three sockets of one port, and how many datagrams each has heard. */
async function three(option: 'SO_REUSEPORT' | 'SO_REUSEADDR') {
  const made = bench()
  const heard = [0, 0, 0]
  for (const i of [0, 1, 2]) {
    const socket = await made.host.datagrams({ address: '0.0.0.0', port: 9 }, { options: { [option]: 1 } })
    socket.attach({ onDatagram: () => heard[i]!++, onError() {}, onClose() {} })
  }
  made.clock.pass(0)
  return { ...made, heard }
}

test('SO_REUSEPORT spreads the peers over the sockets, and each peer always meets the same one', async () => {
  const { probe, heard } = await three('SO_REUSEPORT')
  for (let port = 1000; port < 1090; port++) probe.receive(udpFrame(port, 9, 'x'))
  for (const count of heard) assert.ok(count > 15, `${heard}`)
  assert.equal(heard[0]! + heard[1]! + heard[2]!, 90)
  const before = [...heard]
  for (let i = 0; i < 10; i++) probe.receive(udpFrame(1000, 9, 'x'))
  assert.deepEqual(heard.map((count, i) => count - before[i]!).sort(), [0, 0, 10])
})

test('SO_REUSEADDR: of sockets equally near the one bound last has the datagram', async () => {
  const { probe, heard } = await three('SO_REUSEADDR')
  for (let port = 1000; port < 1010; port++) probe.receive(udpFrame(port, 9, 'x'))
  assert.deepEqual(heard, [0, 0, 10])
})

test('a datagram to everybody that nobody wants is a drop, and answered by nobody', async () => {
  const { probe, stack } = bench()
  probe.receive(udpFrame(5, 9, 'x', { to: '192.0.2.255' }))
  assert.equal(stack.counters.udpNoPort, 1)
  assert.deepEqual(probe.lines(), [])
})
