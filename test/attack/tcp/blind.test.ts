/** Attackers off the path: they can write any address on a packet, and see nothing of what it brings about. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SECOND } from '../../../src/base/clock.ts'
import { type Ip4, parseIp4 } from '../../../src/base/ip.ts'
import type { Connection } from '../../../src/socket/host.ts'
import { icmp, ipv4, tcp } from '../../../src/wire/index.ts'
import { bench, icmpPacket, ipPacket, PEER, type SegmentFields, segmentOf, tcpPacket, VICTIM } from './bench.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const ROUTER = parseIp4('203.0.113.5')
const STAMPED = { ...tcp.NO_OPTIONS, mss: 1460, sackPermitted: true, windowScale: 7 }

/** An open connection with time stamps from PEER:4000 to port 80, and what the true peer would say next. */
async function opened() {
  const made = bench()
  const { host, receive, sent, clock } = made
  const heard: string[] = []
  let connection: Connection | null = null
  const listener = await host.listen({ address: '0.0.0.0', port: 80 }, (accepted) => {
    connection = accepted
    accepted.attach({
      onData: (bytes) => heard.push(`${Buffer.from(bytes)}`),
      onEnd: () => heard.push('end'),
      onDrain() {},
      onClose: (error) => heard.push(error?.code ?? 'closed'),
    })
  })
  const say = (segment: SegmentFields, value = 1000) => {
    const options = { ...(segment.flags === tcp.SYN ? STAMPED : tcp.NO_OPTIONS), timestamps: { value, echo: 0 } }
    receive(tcpPacket({ options, ...segment }))
    clock.pass(0)
  }
  say({ seq: 1000, flags: tcp.SYN })
  const ack = (segmentOf(sent.pop()!)!.seq + 1) >>> 0
  say({ seq: 1001, ack })
  sent.length = 0
  return { ...made, listener, heard, say, seq: 1001, ack, connection: connection as unknown as Connection }
}

/** What ICMP quotes: a packet of the victim's, its IP header and eight octets. */
function quote(protocol: number, to: Ip4, ports: readonly [number, number], seq: number): Uint8Array {
  const bytes = new Uint8Array(28)
  const fields = { source: parseIp4(VICTIM), destination: to, protocol, ttl: 60 }
  ipv4.emitHeader(bytes, 0, fields, 1500, 1, ipv4.DONT_FRAGMENT)
  const view = new DataView(bytes.buffer)
  view.setUint16(20, ports[0])
  view.setUint16(22, ports[1])
  view.setUint32(24, seq)
  return bytes
}

const tooBig = (mtu: number, payload: Uint8Array) =>
  icmpPacket({ kind: 'unreachable', code: icmp.FRAGMENTATION_NEEDED, mtu, payload }, ROUTER)

test('a blind time stamp from the future does not turn the true peer away (RFC 7323 §5, RFC 5961 §5)', async () => {
  for (const [name, forged] of [
    ['no ACK', { flags: 0, payload: Buffer.alloc(1400) }],
    ['an ACK out of range', { ack: 5, payload: Buffer.alloc(1400) }],
    ['from behind, an ACK out of range', { ack: 5, seq: 900, payload: Buffer.alloc(10) }],
    ['from behind, no ACK', { flags: 0, seq: 900, payload: Buffer.alloc(10) }],
  ] as const) {
    const { say, heard, seq, ack } = await opened()
    say({ seq, ...forged }, 0x7000_0000)
    say({ seq, ack, payload: Buffer.from('alive') }, 1001)
    assert.deepEqual(heard, ['alive'], name)
  }
})

test('nor does one that comes from behind, with an ACK that is right (RFC 7323 §5.3, R3)', async () => {
  const { say, heard, seq, ack } = await opened()
  const text = Buffer.alloc(1000, 'x')
  for (let i = 0; i < 50; i++) say({ seq: seq + i * 1000, ack, payload: text }, 1001 + i)
  say({ seq: seq + 20_000, ack, payload: text }, 0x7fff_0000)
  say({ seq: seq + 50_000, ack, payload: Buffer.from('alive') }, 1100)
  assert.equal(heard.at(-1), 'alive')
})

test('a SYN takes the place of a connection in TIME-WAIT only where somebody listens, with numbers beyond the old ones', async () => {
  for (const listening of [true, false]) {
    const { say, seq, ack, connection, sent, clock, stack, listener } = await opened()
    connection.write(new Uint8Array(20_000_000)) // 4,000 numbers a millisecond pass, of the clock that new ones follow
    connection.end()
    let next = ack
    for (let i = 0; i < 60_000 && stack.tcp.connectionCount === 1; i++) {
      const last = sent.splice(0).map(segmentOf).at(-1)
      if (last === null || last === undefined) break
      next = (last.seq + last.payload.length + (last.flags & tcp.FIN ? 1 : 0)) >>> 0
      say({ seq, ack: next, window: 65_535 })
      if (last.flags & tcp.FIN) break
    }
    say({ seq, ack: next, flags: tcp.FIN | tcp.ACK })
    if (!listening) await listener.close()
    clock.pass(SECOND)
    sent.length = 0
    const SYN = { seq: seq + 1_000_000, flags: tcp.SYN }
    say(SYN, 5000)
    const answer = segmentOf(sent.at(-1)!)!
    if (listening) {
      assert.equal(answer.flags, tcp.SYN | tcp.ACK)
      assert.ok(
        ((answer.seq - next) | 0) > 0,
        `the new connection begins ${(answer.seq - next) | 0} beyond the old one`,
      )
    } else assert.equal(answer.flags, tcp.ACK, 'TIME-WAIT goes on')
    assert.equal(stack.tcp.connectionCount, 1)
  }
})

test('ICMP about datagrams that nobody sent narrows no path (RFC 5927 §7)', async () => {
  const { stack, receive } = await opened()
  receive(tooBig(576, quote(ipv4.PROTOCOL_UDP, parseIp4(PEER), [5353, 53], 0)))
  assert.equal(stack.ip4.path(parseIp4(PEER), 0)!.streams.mtu, 1500)
})

test('ICMP about a segment that is not under way narrows no path', async () => {
  const { stack, receive, ack } = await opened()
  receive(tooBig(576, quote(ipv4.PROTOCOL_TCP, parseIp4(PEER), [80, 4000], ack + 50_000)))
  assert.equal(stack.ip4.path(parseIp4(PEER), 0)!.streams.mtu, 1500)
})

test('no complaint makes segments absurdly small: below 552 octets packets may be fragmented instead', async () => {
  for (const mtu of [0, 68, 300]) {
    const { stack, receive, ack, connection, sent, clock } = await opened()
    connection.write(new Uint8Array(20_000))
    sent.length = 0
    receive(tooBig(mtu, quote(ipv4.PROTOCOL_TCP, parseIp4(PEER), [80, 4000], ack)))
    clock.pass(SECOND)
    assert.equal(stack.ip4.path(parseIp4(PEER), 0)!.streams.mtu, 552)
    const again = sent.filter((packet) => segmentOf(packet)!.payload.length > 0)
    assert.equal(again[0]!.length, 552, `mtu ${mtu}`)
    for (const packet of again) {
      assert.ok(packet.length <= 552, `mtu ${mtu}`)
      assert.ok(!ipv4.dontFragment(packet, 0), 'a router may cut it')
    }
  }
})

test('a learnt path MTU makes the segments of an open connection fit at once, and costs no congestion window', async () => {
  const { receive, ack, connection, sent, clock } = await opened()
  connection.write(new Uint8Array(6 * 1448))
  const flight = sent.splice(0)
  assert.equal(flight.length, 6)
  receive(tooBig(1000, quote(ipv4.PROTOCOL_TCP, parseIp4(PEER), [80, 4000], ack)))
  clock.pass(0)
  const again = sent.splice(0)
  assert.ok(again.length >= flight.length, `${again.length} segments sent again, ${flight.length} were lost`)
  assert.equal(segmentOf(again[0]!)!.seq, ack)
  for (const packet of again) assert.ok(packet.length <= 1000 && !ipv4.isFragment(packet, 0))
  const told = again.reduce((sum, packet) => sum + segmentOf(packet)!.payload.length, 0)
  assert.equal(told, 6 * 1448)
})

test('a forged complaint about a datagram narrows datagrams alone: no connection believes it (RFC 5927 §7)', async () => {
  const { stack, host, receive, sent, clock } = bench()
  const socket = await host.datagrams()
  socket.send(new Uint8Array(1200), { address: PEER, port: 53 })
  const opening = host.connect({ address: PEER, port: 4000 })
  await Promise.resolve()
  const syn = segmentOf(sent.at(-1)!)!
  receive(tooBig(576, quote(ipv4.PROTOCOL_UDP, parseIp4(PEER), [socket.local.port, 53], 0)))
  const flags = tcp.SYN | tcp.ACK
  receive(tcpPacket({ destinationPort: syn.sourcePort, seq: 1, ack: (syn.seq + 1) >>> 0, flags, options: STAMPED }))
  clock.pass(0)
  const connection = await opening
  sent.length = 0
  connection.write(new Uint8Array(5000))
  assert.ok(sent.length > 0)
  assert.equal(sent[0]!.length, 1500)
  const path = stack.ip4.path(parseIp4(PEER), 0)!
  assert.deepEqual([path.streams.mtu, path.datagrams.mtu], [1500, 576])
  sent.length = 0
  socket.send(new Uint8Array(1200), { address: PEER, port: 53 })
  assert.equal(sent.length, 3, 'the datagram goes in pieces')
})

test('a complaint about a datagram that cannot be true changes nothing', async () => {
  const { stack, host, receive } = bench()
  const socket = await host.datagrams()
  socket.send(new Uint8Array(1200), { address: PEER, port: 53 })
  const told = quote(ipv4.PROTOCOL_UDP, parseIp4(PEER), [socket.local.port, 53], 0)
  const short = told.slice()
  new DataView(short.buffer).setUint16(2, 500)
  receive(tooBig(576, short))
  const cuttable = told.slice()
  cuttable[6] = 0
  receive(tooBig(576, cuttable))
  assert.equal(stack.ip4.path(parseIp4(PEER), 0)!.datagrams.mtu, 1500)
})

test('a doubled fragment does not void its packet, one that contradicts another does (RFC 5722 §4)', async () => {
  const datagram = Buffer.alloc(32)
  datagram.writeUInt16BE(7, 0)
  datagram.writeUInt16BE(9, 2)
  datagram.writeUInt16BE(32, 4)
  const piece = (from: number, to: number, more: boolean, spoil = false) => {
    const part = Uint8Array.from(datagram.subarray(from, to))
    if (spoil) part[0] = 0xee
    const packet = ipPacket(ipv4.PROTOCOL_UDP, part, parseIp4(PEER))
    new DataView(packet.buffer).setUint16(4, 77)
    new DataView(packet.buffer).setUint16(6, (more ? ipv4.MORE_FRAGMENTS : 0) | (from / 8))
    ipv4.sealHeader(packet, 0)
    return packet
  }
  for (const [spoil, arrives] of [
    [false, 1],
    [true, 0],
  ] as const) {
    const { host, receive, clock, stack } = bench()
    let arrived = 0
    const socket = await host.datagrams({ address: '0.0.0.0', port: 9 })
    socket.attach({ onDatagram: () => arrived++, onError() {}, onClose() {} })
    receive(piece(0, 16, true))
    receive(piece(0, 16, true, spoil))
    receive(piece(16, 32, false))
    clock.pass(0)
    assert.equal(arrived, arrives)
    clock.pass(60 * SECOND)
    assert.equal(stack.ip4.reassembler.size, 0)
  }
})

test('a flood of fragments fills its table and nothing more, and is forgotten', () => {
  const { receive, stack, clock } = bench()
  for (let i = 0; i < 20_000; i++) {
    const packet = ipPacket(ipv4.PROTOCOL_UDP, new Uint8Array(1400), (0x0b000000 + i) >>> 0)
    new DataView(packet.buffer).setUint16(6, ipv4.MORE_FRAGMENTS | ((i % 40) * 175))
    ipv4.sealHeader(packet, 0)
    receive(packet)
  }
  assert.equal(stack.ip4.reassembler.size, stack.limits.reassemblies)
  clock.pass(60 * SECOND)
  assert.equal(stack.ip4.reassembler.size, 0)
  assert.ok(clock.idle)
})

test('a window full of segments of one byte costs little more than the window', async () => {
  const { say, seq, ack, connection, sent } = await opened()
  connection.pause()
  const used = () => {
    for (let i = 0; i < 3; i++) collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  const one = new Uint8Array(1)
  for (let i = 0; i < 50_000; i++) say({ seq: seq + i, ack, payload: one })
  sent.length = 0
  const perByte = (used() - before) / 50_000
  assert.ok(perByte < 16, `${perByte} bytes of memory for each byte`)
  connection.resume()
})

test('a SYN flood costs half-open connections up to the queue, one answer each, and leaves nothing behind', async () => {
  const { host, receive, stack, sent, clock } = bench()
  await host.listen({ address: '0.0.0.0', port: 80 }, () => {})
  for (let i = 0; i < 5000; i++) receive(tcpPacket({ seq: i, flags: tcp.SYN }, 0x0a000000 + i))
  assert.equal(stack.tcp.connectionCount, 1024)
  assert.ok(sent.reduce((sum, packet) => sum + packet.length, 0) <= 5000 * 48, 'no amplification')
  clock.pass(120 * SECOND)
  assert.equal(stack.tcp.connectionCount, 0)
  assert.ok(clock.idle)
})

test('blind resets and SYNs all over the number space close nothing', async () => {
  const { say, heard, seq, ack } = await opened()
  for (let i = 1; i < 4096; i++) {
    say({ seq: (seq + i * 0x10_0000) >>> 0, flags: i & 1 ? tcp.RST : tcp.SYN })
    say({ seq: (seq + i) >>> 0, ack, flags: tcp.RST | tcp.ACK })
  }
  say({ seq, ack, payload: Buffer.from('alive') })
  assert.deepEqual(heard, ['alive'])
})
