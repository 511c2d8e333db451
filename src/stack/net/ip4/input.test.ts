import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SECOND } from '../../../base/clock.ts'
import { Fault } from '../../../base/fault.ts'
import { parseIp4 } from '../../../base/ip.ts'
import { icmp, ipv4, tcp } from '../../../wire/index.ts'
import { STACK_LIMITS } from '../../limits.ts'
import { bench, icmpFrame, ipFrame, OWN, PEER, Probe, tcpFrame, udpFrame } from '../../trial/bench.ts'

const ECHO: icmp.IcmpMessage = { kind: 'echo request', identifier: 7, sequence: 1, payload: new Uint8Array(56) }
const FAR = '198.51.100.9'

test('an echo is answered, with what it carried; one to a broadcast address is not', () => {
  const { probe, clock } = bench()
  probe.receive(icmpFrame(ECHO))
  assert.deepEqual(probe.lines(), [`IP ${OWN} > ${PEER}: ICMP echo reply, id 7, seq 1, length 64`])
  probe.receive(icmpFrame(ECHO, { to: '192.0.2.255' }))
  probe.receive(icmpFrame(ECHO, { to: '255.255.255.255', toMac: 0xffff_ffff_ffff }))
  clock.pass(SECOND)
  assert.deepEqual(probe.lines(), [])
})

test('options are skipped', () => {
  const { probe } = bench()
  const bytes = new Uint8Array(icmp.length(ECHO))
  icmp.emit(ECHO, bytes)
  probe.receive(ipFrame(bytes, { protocol: ipv4.PROTOCOL_ICMP, options: Uint8Array.of(1, 1, 7, 4, 4, 0, 0, 0) }))
  assert.equal(probe.lines().length, 1)
})

test('a malformed frame of every kind is counted and dropped', () => {
  const { stack, probe } = bench()
  const { counters } = stack
  const damaged = (frame: Uint8Array, at: number, value: number) => {
    const copy = frame.slice()
    copy[at] = value
    probe.receive(copy)
  }
  const counted = (name: keyof typeof counters, damage: () => void) => {
    const before = counters[name]
    damage()
    assert.equal(counters[name], before + 1, name)
  }
  const whole = udpFrame(1, 9, 'hello')
  counted('framesMalformed', () => probe.receive(whole.subarray(0, 13)))
  counted('framesNotForUs', () => damaged(whole, 5, 99))
  counted('framesUnknownType', () => damaged(whole, 12, 0x86))
  counted('ipMalformed', () => probe.receive(whole.subarray(0, 30)))
  counted('ipMalformed', () => damaged(whole, 14, 0x65))
  counted('ipMalformed', () => damaged(whole, 14, 0x43))
  counted('ipMalformed', () => damaged(whole, 17, 255))
  counted('ipMalformed', () => damaged(whole, 22, 63))
  counted('ipFragmentsReceived', () => probe.receive(ipFrame(new Uint8Array(16), { moreFragments: true })))
  counted('ipMartian', () => probe.receive(udpFrame(1, 9, 'x', { from: '127.0.0.1' })))
  counted('ipMartian', () => probe.receive(udpFrame(1, 9, 'x', { from: '239.1.1.1' })))
  counted('ipMartian', () => probe.receive(udpFrame(1, 9, 'x', { to: '127.0.0.1' })))
  counted('ipNotForUs', () => probe.receive(udpFrame(1, 9, 'x', { to: FAR })))
  counted('ipNotForUs', () => probe.receive(udpFrame(1, 9, 'x', { to: '239.1.1.1', toMac: 0x0100_5e01_0101 })))
  counted('ipUnknownProtocol', () => probe.receive(ipFrame(new Uint8Array(8), { protocol: 99 })))
  counted('icmpMalformed', () => damaged(icmpFrame(ECHO), 36, 1))
  counted('udpMalformed', () => damaged(whole, 44, 1))
  counted('udpMalformed', () => probe.receive(ipFrame(new Uint8Array(4), { protocol: ipv4.PROTOCOL_UDP })))
  counted('tcpMalformed', () => damaged(tcpFrame({}), 40, 1))
  counted('tcpMalformed', () => probe.receive(ipFrame(new Uint8Array(19), { protocol: ipv4.PROTOCOL_TCP })))
  counted('tcpMalformed', () => probe.receive(tcpFrame({}, { to: '192.0.2.255' })))
})

test('what nobody wants is answered: port, protocol, connection', () => {
  const { probe } = bench()
  probe.receive(udpFrame(1, 9, 'x'))
  probe.receive(ipFrame(new Uint8Array(8), { protocol: 99 }))
  probe.receive(tcpFrame({ flags: tcp.SYN }))
  probe.receive(tcpFrame({ flags: tcp.RST }))
  assert.deepEqual(probe.lines(), [
    `IP ${OWN} > ${PEER}: ICMP port unreachable, length 37`,
    `IP ${OWN} > ${PEER}: ICMP protocol unreachable, length 36`,
    `IP ${OWN} > ${PEER}: 80 > 4000: Flags [R.], seq 0, ack 1001, win 0, length 0`,
  ])
})

test('no complaint about a complaint, a broadcast or a later fragment (RFC 1122 §3.2.2)', () => {
  const { probe } = bench({ forwarding: true })
  const complaint: icmp.IcmpMessage = { kind: 'unreachable', code: 1, mtu: 0, payload: new Uint8Array(28) }
  probe.receive(icmpFrame(complaint, { to: FAR, ttl: 1 }))
  probe.receive(udpFrame(1, 9, 'x', { to: '192.0.2.255' }))
  probe.receive(ipFrame(new Uint8Array(8), { to: FAR, ttl: 1, fragmentOffset: 8 }))
  assert.deepEqual(probe.lines(), [])
})

test('complaints are limited', () => {
  const { probe, clock, stack } = bench()
  for (let i = 0; i < STACK_LIMITS.icmpErrorsBurst + 10; i++) probe.receive(udpFrame(1, 9, 'x'))
  assert.equal(probe.lines().length, STACK_LIMITS.icmpErrorsBurst)
  assert.equal(stack.counters.icmpErrorsSuppressed, 10)
  clock.pass(SECOND / 100)
  for (let i = 0; i < 20; i++) probe.receive(udpFrame(1, 9, 'x'))
  assert.equal(probe.lines().length, 10, 'a thousand a second')
})

test('a router counts the time to live down, and says when it has run out, when no route leads on, and what fits', () => {
  const { stack, probe } = bench({ forwarding: true })
  const far = new Probe('eth1', 0x0200_0000_0009, 600)
  stack.attach(far, ['203.0.113.1/24'])
  stack.ip4.routes.remove((route) => route.prefix.length === 0)
  probe.receive(udpFrame(1, 9, 'x', { to: '203.0.113.9', ttl: 2 }))
  assert.deepEqual(far.lines(), ['ARP, Request who-has 203.0.113.9 tell 203.0.113.1'])
  far.receive(replyFrom('203.0.113.9', '203.0.113.1', far.mac))
  assert.equal(far.sent.length, 1)
  const passed = ipv4.parse(far.sent[0]!, 14, far.sent[0]!.length - 14)
  assert.ok(!(passed instanceof Fault))
  assert.equal(passed.ttl, 1)
  probe.receive(udpFrame(1, 9, 'x', { to: '203.0.113.9', ttl: 1 }))
  probe.receive(udpFrame(1, 9, 'x', { to: FAR }))
  probe.receive(udpFrame(1, 9, 'x'.repeat(1000), { to: '203.0.113.9', dontFragment: true }))
  assert.deepEqual(probe.lines(), [
    `IP ${OWN} > ${PEER}: ICMP time exceeded, code 0, length 37`,
    `IP ${OWN} > ${PEER}: ICMP net unreachable, length 37`,
    `IP ${OWN} > ${PEER}: ICMP unreachable - need to frag (mtu 600), length 556`,
  ])
  far.sent.length = 0
  probe.receive(udpFrame(1, 9, 'x'.repeat(1000), { to: '203.0.113.9' }))
  assert.deepEqual(
    far.sent.map((frame) => frame.length - 14),
    [596, 452],
  )
})

function replyFrom(address: string, to: string, toMac: number): Uint8Array {
  const frame = new Uint8Array(42)
  frame.set([...Array(6).keys()].map((i) => Math.floor(toMac / 256 ** (5 - i)) & 255))
  frame.set([2, 0, 0, 0, 0, 8, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 8], 6)
  const octets = (text: string) => text.split('.').map(Number)
  frame.set([...octets(address), 0, 0, 0, 0, 0, 0, ...octets(to)], 28)
  return frame
}

test('a host does not forward, and a router not what came to everybody', () => {
  const host = bench()
  host.probe.receive(udpFrame(1, 9, 'x', { to: FAR }))
  assert.equal(host.stack.counters.ipForwarded, 0)
  const router = bench({ forwarding: true })
  router.probe.receive(udpFrame(1, 9, 'x', { to: FAR, toMac: 0xffff_ffff_ffff }))
  assert.equal(router.stack.counters.ipForwarded, 0)
})

test('an ICMP error reaches TCP only for a segment that is under way (RFC 5927)', async () => {
  const { host, probe } = bench()
  let failure: { code?: string } | null = null
  host.connect({ address: FAR, port: 80 }).catch((error) => {
    failure = error
  })
  const [syn] = probe.sent.splice(0)
  const quoted = (change: (bytes: Uint8Array) => void): icmp.IcmpMessage => {
    const payload = syn!.slice(14, 14 + 28)
    change(payload)
    return { kind: 'unreachable', code: icmp.HOST_UNREACHABLE, mtu: 0, payload }
  }
  probe.receive(
    icmpFrame(
      quoted((bytes) => (bytes[24] = bytes[24]! ^ 0x40)),
      { from: '203.0.113.99' },
    ),
  )
  await new Promise(setImmediate)
  assert.equal(failure, null, 'another sequence number')
  probe.receive(
    icmpFrame(
      quoted(() => {}),
      { from: '203.0.113.99' },
    ),
  )
  await new Promise(setImmediate)
  assert.equal(failure!.code, 'EHOSTUNREACH')
})

test('any noise: nothing throws, time and memory stay bounded', () => {
  const seeds = [icmpFrame(ECHO), udpFrame(1, 9, 'hello'), tcpFrame({ payload: new Uint8Array(20) })]
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }))
      .map(([seed, changes]) => {
        const copy = seed.slice()
        for (const [at, value] of changes) copy[at] = value
        ipv4.sealHeader(copy, 14)
        return copy
      }),
  )
  const { probe, stack, clock, eth0 } = bench({ forwarding: true })
  fc.assert(
    fc.property(noise, (frame) => {
      probe.receive(frame)
      clock.pass(1000)
      probe.sent.length = 0
    }),
    { numRuns: 3000 },
  )
  assert.ok(stack.tcp.connectionCount === 0 && eth0.neighbours!.size < 100)
  assert.equal(stack.ip4.own.has(parseIp4(OWN)), true)
})
