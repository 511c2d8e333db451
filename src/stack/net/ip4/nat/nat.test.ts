import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../../../base/clock.ts'
import { parseIp4 } from '../../../../base/ip.ts'
import { arp, icmp, printFrame, tcp } from '../../../../wire/index.ts'
import type { StackLimits } from '../../../limits.ts'
import { arpFrame, bench, icmpFrame, OWN, Probe, type SegmentFields, tcpFrame, udpFrame } from '../../../trial/bench.ts'
import { Nat, type NatRouter } from './nat.ts'

const LAPTOP = '192.168.1.10'
const LAPTOP_MAC = 0x0200_0000_000a
const LAN_MAC = 0x0200_0000_000b
const WEB = '203.0.113.80'

/** A router whose outside is the bench's eth0 (192.0.2.1, the provider at 192.0.2.2), and a laptop inside. */
function home(natLimits: Partial<StackLimits> = {}) {
  const made = bench({ forwarding: true, limits: natLimits })
  const { stack, eth0 } = made
  const lan = new Probe('lan', LAN_MAC)
  stack.attach(lan, ['192.168.1.1/24'])
  lan.receive(arpFrame(arp.REQUEST, LAPTOP_MAC, LAPTOP, '192.168.1.1'))
  lan.sent.length = 0
  const { limits, timers, random, journal, frames, ip4 } = stack
  const isTaken = (protocol: number, port: number) => protocol === 17 && !stack.udp.mayBind(0, port, false)
  const forward: NatRouter['forward'] = (from, frame, id) => ip4.forward(from, frame, id)
  const nat = new Nat({ limits, timers, random, journal, frames, isTaken, forward }, eth0)
  ip4.translate(nat)
  const inside = (make: typeof udpFrame, port: number, to: number, text = 'x') =>
    lan.receive(make(port, to, text, { from: LAPTOP, to: WEB, toMac: LAN_MAC }))
  /** The port that the last frame outside bears. */
  const portOf = (frame: Uint8Array) => (frame[34]! << 8) | frame[35]!
  return { ...made, nat, lan, inside, portOf }
}

test('a datagram leaves with the router’s address and the answer finds its way back, checksums right', () => {
  const { lan, probe, inside, portOf, stack } = home()
  inside(udpFrame, 5000, 53, 'query')
  const [out] = probe.sent.splice(0)
  const port = portOf(out!)
  assert.equal(printFrame(out!), `IP ${OWN} > ${WEB}: UDP ${port} > 53, length 5`)
  assert.ok(port >= 16_384 && port <= 49_151)
  probe.receive(udpFrame(53, port, 'answer', { from: WEB }))
  const [back] = lan.sent.splice(0)
  assert.equal(printFrame(back!), `IP ${WEB} > ${LAPTOP}: UDP 53 > 5000, length 6`)
  // Both would be dropped by a stack that verifies them.
  const laptop = bench({ strangers: true })
  laptop.stack.addAddress(laptop.eth0, `${LAPTOP}/32`)
  const received = back!.slice()
  received.set([2, 0, 0, 0, 0, 1])
  laptop.probe.receive(received)
  assert.deepEqual([laptop.stack.counters.udpMalformed, laptop.stack.counters.udpNoPort], [0, 1])
  assert.equal(stack.counters.natTranslated, 2)
})

test('one endpoint inside keeps its port outside, whoever it speaks to (RFC 4787 REQ-1); two have two', () => {
  const { probe, inside, portOf, nat } = home()
  inside(udpFrame, 5000, 53)
  inside(udpFrame, 5000, 123)
  inside(udpFrame, 5001, 53)
  const [first, second, third] = probe.sent.map(portOf)
  assert.equal(first, second)
  assert.notEqual(first, third)
  assert.equal(nat.toString().split('\n')[0], `udp ${LAPTOP}:5000 <-> :${first}`)
})

test('a translation that is not used ends after two minutes; what comes for it then is the router’s', () => {
  const { probe, inside, portOf, clock, lan, stack } = home()
  inside(udpFrame, 5000, 53)
  const port = portOf(probe.sent.pop()!)
  clock.pass(119 * SECOND)
  probe.receive(udpFrame(53, port, 'late', { from: WEB }))
  const passed = () => lan.lines().filter((line) => line.includes('UDP')).length
  assert.equal(passed(), 1)
  clock.pass(121 * SECOND)
  probe.receive(udpFrame(53, port, 'too late', { from: WEB }))
  assert.equal(passed(), 0)
  assert.equal(stack.counters.udpNoPort, 1)
})

/** One TCP connection through the home router, from the laptop's port 4000 to the web server's 80. */
function connection() {
  const made = home()
  const { lan, probe, portOf } = made
  const inside = (segment: SegmentFields, to = WEB) =>
    lan.receive(tcpFrame(segment, { from: LAPTOP, to, toMac: LAN_MAC }))
  inside({ flags: tcp.SYN, seq: 1000 })
  const port = portOf(probe.sent.pop()!)
  const outside = (segment: SegmentFields, from = WEB) =>
    probe.receive(tcpFrame({ sourcePort: 80, destinationPort: port, ...segment }, { from }))
  /** Whether what the server says still comes in. */
  const alive = () => {
    lan.sent.length = 0
    outside({ flags: tcp.ACK, seq: 5001, ack: 1001 })
    return lan.sent.length === 1
  }
  const establish = () => {
    outside({ flags: tcp.SYN | tcp.ACK, seq: 5000, ack: 1001 })
    inside({ flags: tcp.ACK, seq: 1001, ack: 5001 })
  }
  return { ...made, inside, outside, port, alive, establish }
}

test('TCP: a connection under way is kept for hours, one that opens for minutes', () => {
  const { clock, alive, establish } = connection()
  clock.pass(200 * SECOND)
  establish()
  clock.pass(7000 * SECOND)
  assert.ok(alive())
  const opening = connection()
  opening.clock.pass(241 * SECOND)
  assert.ok(!opening.alive())
})

test('TCP: when both ends of a connection have been acknowledged it is kept for minutes; one end alone changes nothing', () => {
  const { clock, alive, establish, inside, outside } = connection()
  establish()
  inside({ flags: tcp.FIN | tcp.ACK, seq: 1001, ack: 5001 })
  outside({ flags: tcp.ACK, seq: 5001, ack: 1002 })
  clock.pass(5000 * SECOND)
  assert.ok(alive(), 'the server may have much to say still')
  outside({ flags: tcp.FIN | tcp.ACK, seq: 5001, ack: 1002 })
  clock.pass(300 * SECOND)
  assert.ok(alive(), 'its end has not been acknowledged: it may be lost and come again')
  inside({ flags: tcp.ACK, seq: 1002, ack: 5002 })
  clock.pass(241 * SECOND)
  assert.ok(!alive())
})

test('a stranger’s packets do not shorten the life of a connection’s translation (RFC 5382, RFC 7857 §2)', () => {
  const STRANGER = '198.51.100.66'
  for (const [what, segment, from] of [
    ['a reset from another host', { flags: tcp.RST, seq: 5001 }, STRANGER],
    ['a SYN from another host', { flags: tcp.SYN, seq: 1 }, STRANGER],
    ['an end from another host', { flags: tcp.FIN | tcp.ACK, seq: 5001, ack: 1001 }, STRANGER],
    ['a reset in the peer’s name with a guessed number', { flags: tcp.RST, seq: 5002 }, WEB],
    ['a SYN in the peer’s name', { flags: tcp.SYN, seq: 1 }, WEB],
  ] as const) {
    const { clock, alive, establish, outside } = connection()
    establish()
    outside(segment, from)
    clock.pass(3600 * SECOND)
    assert.ok(alive(), what)
  }
  const { clock, alive, establish, outside } = connection()
  establish()
  outside({ flags: tcp.RST, seq: 5001 })
  clock.pass(241 * SECOND)
  assert.ok(!alive(), 'the peer’s own reset ends it')
})

test('of two connections of one endpoint the end of one leaves the other its life', () => {
  const { clock, alive, establish, inside } = connection()
  establish()
  inside({ flags: tcp.SYN, seq: 1 }, '203.0.113.90')
  inside({ flags: tcp.RST, seq: 2 }, '203.0.113.90')
  clock.pass(3600 * SECOND)
  assert.ok(alive())
})

test('the connections that a translator follows are bounded, and make room when they are over', () => {
  const { lan, probe, clock, stack } = home({ natSessions: 3 })
  const leaves = (destinationPort: number) => {
    probe.sent.length = 0
    lan.receive(tcpFrame({ flags: tcp.SYN, destinationPort }, { from: LAPTOP, to: WEB, toMac: LAN_MAC }))
    return probe.sent.length === 1
  }
  assert.deepEqual([80, 81, 82, 83, 80].map(leaves), [true, true, true, false, true])
  assert.equal(stack.counters.natFull, 1)
  clock.pass(241 * SECOND)
  assert.ok(leaves(83))
})

test('pings and ICMP errors are translated, the quoted packet too (RFC 5508)', () => {
  const { probe, lan, inside } = home()
  const echo = { kind: 'echo request', identifier: 77, sequence: 1, payload: new Uint8Array(8) } as const
  lan.receive(icmpFrame(echo, { from: LAPTOP, to: WEB, toMac: LAN_MAC }))
  const [out] = probe.sent.splice(0)
  const identifier = (out![38]! << 8) | out![39]!
  probe.receive(icmpFrame({ ...echo, kind: 'echo reply', identifier }, { from: WEB }))
  assert.equal(printFrame(lan.sent.pop()!), `IP ${WEB} > ${LAPTOP}: ICMP echo reply, id 77, seq 1, length 16`)
  inside(udpFrame, 5000, 9)
  const quoted = probe.sent.pop()!.slice(14)
  const complaint: icmp.IcmpMessage = { kind: 'unreachable', code: icmp.PORT_UNREACHABLE, mtu: 0, payload: quoted }
  probe.receive(icmpFrame(complaint, { from: WEB }))
  const [back] = lan.sent.splice(0)
  assert.equal(printFrame(back!), `IP ${WEB} > ${LAPTOP}: ICMP port unreachable, length ${8 + quoted.length}`)
  const within = new Uint8Array(14 + quoted.length)
  within.set([8, 0], 12)
  within.set(back!.subarray(14 + 28), 14)
  assert.equal(printFrame(within), `IP ${LAPTOP} > ${WEB}: UDP 5000 > 9, length 1`)
})

test('what has no translation stays outside, what cannot be translated stays inside', () => {
  const { probe, lan, stack } = home()
  probe.receive(udpFrame(53, 20_000, 'unasked', { from: WEB }))
  assert.equal(lan.sent.length, 0)
  const odd = udpFrame(1, 2, 'x', { from: LAPTOP, to: WEB, toMac: LAN_MAC })
  odd[23] = 47 // GRE: no ports
  odd[24] = odd[25] = 0
  const sealed = odd.slice()
  sealed.set(headerChecksum(sealed), 24)
  lan.receive(sealed)
  assert.equal(stack.counters.natRefused, 1)
  assert.deepEqual(
    probe.lines().filter((line) => line.includes(WEB)),
    [`IP ${OWN} > ${WEB}: ICMP port unreachable, length 43`],
  )
})

function headerChecksum(frame: Uint8Array): number[] {
  let sum = 0
  for (let i = 14; i < 34; i += 2) sum += (frame[i]! << 8) | frame[i + 1]!
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return [(~sum >>> 8) & 255, ~sum & 255]
}

test('a forwarded port lets the outside in', () => {
  const { probe, lan, nat } = home()
  nat.forwardPort('tcp', 8080, parseIp4(LAPTOP), 80)
  probe.receive(tcpFrame({ sourcePort: 4000, destinationPort: 8080 }, { from: WEB }))
  assert.match(printFrame(lan.sent[0]!), new RegExp(`IP ${WEB} > ${LAPTOP}: 4000 > 80: Flags \\[S\\]`))
  assert.equal(lan.sent.length, 1)
})
