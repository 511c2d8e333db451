/** What devices can do of the stack's work, and what the stack makes of what devices know. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { putU16 } from '../base/octets.ts'
import { checksum } from '../wire/checksum.ts'
import { ethernet, ipv4, sequence, tcp, udp } from '../wire/index.ts'
import type { TransmitMeta } from './device.ts'
import { bench, OWN, PEER, tcpFrame, udpFrame } from './trial/bench.ts'

const CARD = { checksums: true, batches: false }

/** What a network card does with what it is told. */
function completed(frame: Uint8Array, meta: TransmitMeta): Uint8Array {
  const whole = frame.slice()
  putU16(whole, meta.checksumAt, checksum(whole, meta.checksumStart, whole.length - meta.checksumStart) || 0xffff)
  return whole
}

test('a device that completes checksums is told where, and what comes out is right', async () => {
  const { host, probe } = bench({ capabilities: CARD })
  const socket = await host.datagrams()
  socket.send(new Uint8Array(101).fill(7), { address: PEER, port: 9 })
  void host.connect({ address: PEER, port: 80 }).catch(() => {})
  const [datagram, segment] = probe.sent.map((frame, i) => completed(frame, probe.metas.slice(-2)[i]!))
  const payload = ethernet.HEADER_LENGTH + ipv4.HEADER_LENGTH
  const plain = bench()
  const same = await plain.host.datagrams()
  same.send(new Uint8Array(101).fill(7), { address: PEER, port: 9 })
  void plain.host.connect({ address: PEER, port: 80 }).catch(() => {})
  assert.deepEqual(datagram!.subarray(payload), plain.probe.sent[0]!.subarray(payload))
  assert.deepEqual(segment!.subarray(payload), plain.probe.sent[1]!.subarray(payload))
  assert.deepEqual(plain.probe.metas.slice(-2), [null, null], 'others are given whole frames')
})

test('what is cut into pieces has its checksum from the stack: a card sees one piece at a time', async () => {
  const pieces = async (capabilities: typeof CARD) => {
    const { host, probe } = bench({ capabilities })
    const socket = await host.datagrams()
    socket.send(new Uint8Array(4000).fill(9), { address: PEER, port: 9 })
    return { sent: probe.sent, metas: probe.metas.slice(-3) }
  }
  const card = await pieces(CARD)
  assert.deepEqual(card.metas, [null, null, null])
  assert.deepEqual(card.sent, (await pieces({ checksums: false, batches: false })).sent)
})

test('a checksum that a device has verified, or that never left the machine, is not looked at; another is', async () => {
  const { host, probe, clock } = bench()
  const socket = await host.datagrams({ address: '0.0.0.0', port: 9 })
  let heard = 0
  socket.attach({ onDatagram: () => heard++, onError() {}, onClose() {} })
  clock.pass(0)
  const frame = udpFrame(5, 9, 'x')
  putU16(frame, 34 + udp.FIELD.checksum, 0x1234)
  probe.receive(frame)
  assert.equal(heard, 0)
  probe.receive(frame, { checksum: 'valid' })
  probe.receive(frame, { checksum: 'partial' })
  assert.equal(heard, 2)
})

/** A connection that is open, and how many segments answer ten that come in. */
async function answersToTen(batches: boolean): Promise<number> {
  const { host, probe, clock } = bench({ capabilities: { checksums: false, batches } })
  let heard = 0
  await host.listen({ address: OWN, port: 80 }, (connection) =>
    connection.attach({ onData: (bytes) => (heard += bytes.length), onEnd() {}, onDrain() {}, onClose() {} }),
  )
  probe.receive(tcpFrame({ seq: 1000 }))
  probe.batchEnd()
  const frame = probe.sent.pop()!
  const ack = sequence.add(tcp.seq(frame, 34), 1)
  probe.receive(tcpFrame({ seq: 1001, ack, flags: tcp.ACK }))
  probe.batchEnd()
  clock.pass(0)
  probe.sent.length = 0
  for (let i = 0; i < 10; i++)
    probe.receive(tcpFrame({ seq: 1001 + i * 1000, ack, flags: tcp.ACK, payload: new Uint8Array(1000) }))
  probe.batchEnd()
  clock.pass(0)
  assert.equal(heard, 10_000)
  return probe.sent.length
}

test('ten segments in one batch are answered once; one by one every second is answered', async () => {
  assert.equal(await answersToTen(true), 1)
  assert.equal(await answersToTen(false), 5)
})
