/** Attackers off the path: they can send anything under any address, and see nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import { formatIp4, parseIp4 } from '../../base/ip.ts'
import { TCP_LIMITS } from '../../tcp/index.ts'
import { icmp, tcp } from '../../wire/index.ts'
import { arpFrame, bench, icmpFrame, OWN, PEER, PEER_MAC, type SegmentFields, tcpFrame } from '../trial/bench.ts'

const VICTIM = '198.51.100.7'

/** A connection from 198.51.100.7:4000 to port 80, open; the numbers that are next on both sides. */
async function victim() {
  const made = bench()
  const { host, probe, clock } = made
  const heard: string[] = []
  await host.listen({ address: '0.0.0.0', port: 80 }, (connection) =>
    connection.attach({
      onData: (bytes) => heard.push(`${Buffer.from(bytes)}`),
      onEnd: () => heard.push('end'),
      onDrain() {},
      onClose: (error) => heard.push(error?.code ?? 'closed'),
    }),
  )
  const say = (segment: SegmentFields) => {
    probe.receive(tcpFrame(segment, { from: VICTIM }))
    clock.pass(0)
  }
  say({ seq: 1000, flags: tcp.SYN })
  const frame = probe.sent.pop()!
  const synAck = tcp.parse(frame, 34, frame.length - 34)
  assert.ok(!(synAck instanceof Fault))
  const ack = synAck.seq + 1
  say({ seq: 1001, ack, flags: tcp.ACK })
  probe.sent.length = 0
  return { ...made, heard, say, seq: 1001, ack, frame }
}

test('a blind reset, in the window but not next, closes nothing: it is challenged (RFC 5961 §3)', async () => {
  const { say, heard, seq, ack, probe } = await victim()
  say({ seq: seq + 1000, flags: tcp.RST })
  say({ seq: seq + 5_000_000, flags: tcp.RST })
  assert.equal(probe.lines().length, 1, 'one challenge ACK, for the one in the window')
  say({ seq, ack, flags: tcp.ACK, payload: Buffer.from('alive') })
  assert.deepEqual(heard, ['alive'])
  say({ seq: seq + 5, flags: tcp.RST })
  assert.deepEqual(heard, ['alive', 'ECONNRESET'], 'the true peer can')
})

test('a blind SYN does not disturb a connection (RFC 5961 §4)', async () => {
  const { say, heard, seq, ack } = await victim()
  say({ seq: seq + 77, flags: tcp.SYN })
  say({ seq, ack, flags: tcp.ACK, payload: Buffer.from('alive') })
  assert.deepEqual(heard, ['alive'])
})

test('blind data with an acknowledgement out of range is not taken (RFC 5961 §5)', async () => {
  const { say, heard, seq, ack } = await victim()
  say({ seq, ack: ack + 100_000, flags: tcp.ACK, payload: Buffer.from('evil') })
  say({ seq, ack: (ack - 0x4000_0000) >>> 0, flags: tcp.ACK, payload: Buffer.from('evil') })
  say({ seq, ack, flags: tcp.ACK, payload: Buffer.from('good') })
  assert.deepEqual(heard, ['good'])
})

test('ICMP in the name of a router ends no connection that is open (RFC 5927)', async () => {
  const { heard, probe, clock, frame, say, seq, ack } = await victim()
  for (const code of [icmp.NET_UNREACHABLE, icmp.HOST_UNREACHABLE, icmp.PROTOCOL_UNREACHABLE, icmp.PORT_UNREACHABLE])
    probe.receive(
      icmpFrame({ kind: 'unreachable', code, mtu: 0, payload: frame.subarray(14, 42) }, { from: '203.0.113.5' }),
    )
  clock.pass(SECOND)
  say({ seq, ack, flags: tcp.ACK, payload: Buffer.from('alive') })
  assert.deepEqual(heard, ['alive'])
})

test('a SYN flood stops at the SYN queue, costs answers only, and the port recovers', async () => {
  const { host, probe, clock, stack } = bench()
  let accepted = 0
  await host.listen({ address: '0.0.0.0', port: 80 }, () => void accepted++)
  for (let i = 0; i < 3 * TCP_LIMITS.synQueue; i++)
    probe.receive(tcpFrame({ sourcePort: 1000 + i }, { from: formatIp4(parseIp4('198.18.0.0') + i) }))
  assert.equal(stack.tcp.connectionCount, TCP_LIMITS.synQueue)
  probe.sent.length = 0
  // SYN-ACK retransmissions give up after about a minute.
  for (let i = 0; i < 30; i++) {
    clock.pass(5 * SECOND)
    probe.receive(arpFrame(2, PEER_MAC, PEER, OWN))
    probe.sent.length = 0
  }
  assert.equal(stack.tcp.connectionCount, 0)
  probe.receive(tcpFrame({ seq: 1 }))
  const answer = tcp.parse(probe.sent[0]!, 34, probe.sent[0]!.length - 34)
  assert.ok(!(answer instanceof Fault))
  probe.receive(tcpFrame({ seq: 2, ack: answer.seq + 1, flags: tcp.ACK }))
  clock.pass(0)
  assert.equal(accepted, 1)
})

test('pings and resets make no more traffic than they are', async () => {
  const { probe } = bench()
  for (let i = 0; i < 100; i++) {
    const request = tcpFrame({ flags: tcp.ACK, payload: new Uint8Array(1000) })
    probe.receive(request)
    const answered = probe.sent.splice(0).reduce((sum, frame) => sum + frame.length, 0)
    assert.ok(answered < request.length)
  }
})
