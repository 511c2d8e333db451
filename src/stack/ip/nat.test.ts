import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { parseIp4 } from '../../base/ip.ts'
import { arp, icmp, printFrame, tcp } from '../../wire/index.ts'
import { arpFrame, bench, icmpFrame, OWN, Probe, tcpFrame, udpFrame } from '../trial/bench.ts'
import { Nat } from './nat.ts'

const LAPTOP = '192.168.1.10'
const LAPTOP_MAC = 0x0200_0000_000a
const LAN_MAC = 0x0200_0000_000b
const WEB = '203.0.113.80'

/** A router whose outside is the bench's eth0 (192.0.2.1, the provider at 192.0.2.2), and a laptop inside. */
function home() {
  const made = bench({ forwarding: true })
  const { stack, eth0, clock } = made
  const lan = new Probe('lan', LAN_MAC)
  stack.attach(lan, ['192.168.1.1/24'])
  lan.receive(arpFrame(arp.REQUEST, LAPTOP_MAC, LAPTOP, '192.168.1.1'))
  lan.sent.length = 0
  const { random, counters, limits } = stack
  const isTaken = (protocol: number, port: number) => protocol === 17 && !stack.udp.mayBind(0, port, false)
  stack.nat = new Nat(
    { limits, clock, random, counters, isTaken, forward: (from, frame) => stack.input.forward(from, frame, 14) },
    eth0,
  )
  const inside = (make: typeof udpFrame, port: number, to: number, text = 'x') =>
    lan.receive(make(port, to, text, { from: LAPTOP, to: WEB, toMac: LAN_MAC }))
  /** The port that the last frame outside bears. */
  const portOf = (frame: Uint8Array) => (frame[34]! << 8) | frame[35]!
  return { ...made, nat: stack.nat, lan, inside, portOf }
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
  laptop.stack.addAddress(laptop.eth0, parseIp4(LAPTOP), { network: parseIp4(LAPTOP), length: 32 })
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

test('TCP: a connection under way is kept for hours, one that opens or closes for minutes', () => {
  const { probe, clock, lan, portOf } = home()
  const inside = (flags: number) => lan.receive(tcpFrame({ flags }, { from: LAPTOP, to: WEB, toMac: LAN_MAC }))
  const alive = () => {
    lan.sent.length = 0
    probe.receive(tcpFrame({ sourcePort: 80, destinationPort: port, flags: tcp.ACK }, { from: WEB }))
    return lan.sent.length === 1
  }
  inside(tcp.SYN)
  const port = portOf(probe.sent.pop()!)
  clock.pass(200 * SECOND)
  inside(tcp.ACK)
  clock.pass(7000 * SECOND)
  assert.ok(alive())
  inside(tcp.FIN | tcp.ACK)
  clock.pass(250 * SECOND)
  assert.ok(!alive())
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
