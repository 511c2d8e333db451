import assert from 'node:assert/strict'
import { test } from 'node:test'
import { u16 } from '../../../base/octets.ts'
import { SeededRandom } from '../../../base/random.ts'
import { arp, ipv4 } from '../../../wire/index.ts'
import { arpFrame, bench, PEER } from '../../trial/bench.ts'

const OTHER = '192.0.2.77'

/** A stack that knows two neighbours, and the identifications of what it sends each of them. */
async function twoPeers(seed: string) {
  const made = bench({ random: new SeededRandom(seed) })
  made.probe.receive(arpFrame(arp.REQUEST, 0x0200_0000_004d, OTHER, '192.0.2.1'))
  made.probe.sent.length = 0
  const socket = await made.host.datagrams()
  return (to: string): number => {
    socket.send(new Uint8Array(8), { address: to, port: 9 })
    return u16(made.probe.sent.pop()!, 14 + ipv4.FIELD.identification)
  }
}

test('what one host is sent tells nothing of the identifications that another is sent (RFC 7739 §5.3)', async () => {
  const distances = new Set<number>()
  for (let seed = 0; seed < 20; seed++) {
    const send = await twoPeers(`seed ${seed}`)
    const [first, planted] = [send(PEER), send(OTHER)]
    distances.add((planted - first) & 0xffff)
    for (let i = 0; i < 5; i++) send(OTHER)
    assert.equal(send(PEER), (first + 1) & 0xffff, 'the others are not counted')
  }
  assert.ok(distances.size > 15, 'where a counter begins is left to chance')
})

test('a datagram of a socket bound to a loopback address leaves the host by no way (RFC 1122 §3.2.1.3 (g))', async () => {
  const { host, probe, stack } = bench()
  const socket = await host.datagrams({ address: '127.0.0.1', port: 0 })
  const far = { address: PEER, port: 9 }
  assert.throws(() => socket.send(new Uint8Array(1), far), { code: 'EINVAL' })
  await assert.rejects(socket.connect(far), { code: 'EINVAL' })
  await assert.rejects(async () => host.connect(far, { from: { address: '127.0.0.1', port: 0 } }), { code: 'EINVAL' })
  const broadcasts = await host.datagrams({ address: '127.0.0.2', port: 0 }, { options: { SO_BROADCAST: 1 } })
  for (const address of ['255.255.255.255', '192.0.2.255', '239.1.1.1'])
    assert.throws(() => broadcasts.send(new Uint8Array(1), { address, port: 9 }), { code: 'EINVAL' }, address)
  assert.deepEqual(probe.lines(), [])
  assert.equal(stack.counters.udpSent, 0)
})
