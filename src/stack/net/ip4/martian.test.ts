import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tcp } from '../../../wire/index.ts'
import { bench, OWN, PEER, tcpFrame, udpFrame } from '../../trial/bench.ts'

const SOURCES = ['0.0.0.0', '0.1.2.3', '127.0.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '192.0.2.255', OWN]
const DESTINATIONS = ['0.0.0.0', '0.1.2.3', '127.0.0.1', '240.0.0.1']

/** A host with a web server and a UDP socket that counts. */
async function listening(forwarding = false) {
  const made = bench({ forwarding })
  await made.host.listen({ address: '0.0.0.0', port: 80 }, () => {})
  const socket = await made.host.datagrams({ address: '0.0.0.0', port: 9 })
  const heard: string[] = []
  socket.attach({ onDatagram: (_, from) => heard.push(from.address), onError() {}, onClose() {} })
  made.clock.pass(0)
  return { ...made, heard }
}

for (const forwarding of [false, true])
  test(`a source that stands for no other host is neither heard nor answered${forwarding ? ' by a router' : ''}`, async () => {
    const { probe, clock, stack, heard } = await listening(forwarding)
    for (const from of SOURCES) {
      probe.receive(udpFrame(5, 9, 'x', { from }))
      probe.receive(udpFrame(5, 10, 'x', { from }))
      probe.receive(tcpFrame({ flags: tcp.SYN }, { from }))
      probe.receive(udpFrame(5, 9, 'x', { from, to: '203.0.113.9' }))
    }
    clock.pass(10_000_000_000)
    assert.deepEqual([probe.lines(), heard, stack.tcp.connectionCount], [[], [], 0])
    assert.equal(stack.counters.ipMartian, SOURCES.length * 4)
  })

test('a destination that is never on a wire is nobody’s', async () => {
  const { probe, stack, heard } = await listening(true)
  for (const to of DESTINATIONS) probe.receive(udpFrame(5, 9, 'x', { to }))
  assert.deepEqual([probe.lines(), heard], [[], []])
  assert.equal(stack.counters.ipMartian, DESTINATIONS.length)
})

test('who has no address yet may ask everybody; this host may speak to itself by each of its addresses', async () => {
  const { probe, clock, host, heard } = await listening()
  probe.receive(udpFrame(5, 9, 'x', { from: '0.0.0.0', to: '255.255.255.255' }))
  probe.receive(udpFrame(5, 9, 'x', { from: PEER }))
  assert.deepEqual(heard, ['0.0.0.0', PEER])
  const socket = await host.datagrams({ address: OWN, port: 0 })
  socket.send(new Uint8Array(1), { address: '127.0.0.1', port: 9 })
  socket.send(new Uint8Array(1), { address: OWN, port: 9 })
  clock.pass(0)
  assert.deepEqual(heard.slice(2), [OWN, OWN])
})
