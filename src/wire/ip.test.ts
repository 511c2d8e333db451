import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../base/fault.ts'
import { parseIp4 } from '../base/ip.ts'
import * as arp from './arp.ts'
import { pseudoSum4 } from './checksum.ts'
import * as ethernet from './ethernet.ts'
import * as icmp from './icmp.ts'
import * as ipv4 from './ipv4.ts'
import { printFrame } from './packet.ts'
import * as udp from './udp.ts'

const PING = pingFrame()

function pingFrame(): Uint8Array {
  const echo: icmp.IcmpMessage = { kind: 'echo request', identifier: 1, sequence: 2, payload: new Uint8Array(56) }
  const payload = new Uint8Array(icmp.length(echo))
  icmp.emit(echo, payload)
  const packet: ipv4.Ipv4Packet = {
    source: parseIp4('192.0.2.1'),
    destination: parseIp4('192.0.2.2'),
    protocol: ipv4.PROTOCOL_ICMP,
    ttl: 64,
    trafficClass: 0,
    identification: 7,
    dontFragment: true,
    moreFragments: false,
    fragmentOffset: 0,
    options: new Uint8Array(0),
    payload,
  }
  const bytes = new Uint8Array(14 + ipv4.length(packet))
  ethernet.emitHeader(bytes, 0, 0x0200_0000_0002, 0x0200_0000_0001, ethernet.ETHERTYPE_IPV4)
  ipv4.emit(packet, bytes, 14)
  return bytes
}

function parsed<T>(value: T | Fault): T {
  if (value instanceof Fault) assert.fail(value.why)
  return value
}

const mac = fc.integer({ min: 0, max: 0xffff_ffff_ffff })
const ip = fc.integer({ min: 0, max: 0xffff_ffff })
const port = fc.integer({ min: 0, max: 0xffff })
const octets = fc.uint8Array({ maxLength: 300 })

test('Ethernet frames come back', () => {
  fc.assert(
    fc.property(mac, mac, port, octets, (destination, source, etherType, payload) => {
      const frame = { destination, source, etherType, payload }
      const bytes = new Uint8Array(ethernet.length(frame) + 3)
      assert.equal(ethernet.emit(frame, bytes, 3), bytes.length - 3)
      assert.deepEqual(ethernet.parse(bytes, 3, bytes.length - 3), frame)
    }),
  )
  assert.equal(ethernet.formatMac(0x0200_0000_0001), '02:00:00:00:00:01')
  assert.equal(ethernet.multicastMac(parseIp4('239.129.2.3')), 0x0100_5e01_0203)
  assert.ok(ethernet.isGroup(ethernet.MAC_BROADCAST) && !ethernet.isGroup(0x0200_0000_0001))
})

test('ARP packets come back', () => {
  fc.assert(
    fc.property(port, mac, ip, mac, ip, (operation, senderMac, senderIp, targetMac, targetIp) => {
      const packet = { operation, senderMac, senderIp, targetMac, targetIp }
      const bytes = new Uint8Array(arp.length(packet))
      arp.emit(packet, bytes)
      assert.deepEqual(arp.parse(bytes, 0, bytes.length), packet)
    }),
  )
  const request = { operation: 1, senderMac: 1, senderIp: 0xc0000201, targetMac: 0, targetIp: 0xc0000202 }
  assert.equal(arp.print(request), 'ARP, Request who-has 192.0.2.2 tell 192.0.2.1')
})

test('IPv4 packets come back, options padded', () => {
  const packets = fc.record({
    source: ip,
    destination: ip,
    protocol: fc.nat(255),
    ttl: fc.nat(255),
    trafficClass: fc.nat(255),
    identification: port,
    dontFragment: fc.boolean(),
    moreFragments: fc.boolean(),
    fragmentOffset: fc.nat(0x1fff).map((units) => units * 8),
    options: fc.uint8Array({ maxLength: 10 }).map((list) => Uint8Array.from([...list, ...list, ...list, ...list])),
    payload: octets,
  })
  fc.assert(
    fc.property(packets, (packet) => {
      const bytes = new Uint8Array(ipv4.length(packet))
      assert.equal(ipv4.emit(packet, bytes), bytes.length)
      assert.deepEqual(ipv4.parse(bytes, 0, bytes.length), { ...packet })
      bytes[9] = bytes[9]! ^ 1
      assert.deepEqual(ipv4.check(bytes, 0, bytes.length), new Fault('IPv4 header checksum is wrong', 10))
    }),
  )
})

test('every fault of an IPv4 header has its words', () => {
  const whole = PING.slice(14)
  const broken = (change: (bytes: Uint8Array) => void, size = whole.length) => {
    const bytes = whole.slice()
    change(bytes)
    return ipv4.check(bytes, 0, size)?.why ?? null
  }
  assert.equal(
    broken(() => {}),
    null,
  )
  assert.match(broken(() => {}, 19)!, /19 octets, 20 needed/)
  assert.match(broken((bytes) => (bytes[0] = 0x65))!, /IP version 6/)
  assert.match(broken((bytes) => (bytes[0] = 0x44))!, /header length 16/)
  assert.match(broken((bytes) => (bytes[3] = 10))!, /total length 10 below/)
  assert.match(broken(() => {}, 50)!, /total length 84, but 50/)
})

test('UDP: the checksum is made, verified, and zero is sent as all ones', () => {
  fc.assert(
    fc.property(ip, ip, port, port, octets, (from, to, sourcePort, destinationPort, payload) => {
      const datagram = { sourcePort, destinationPort, payload }
      const size = udp.length(datagram)
      const pseudo = pseudoSum4(from, to, ipv4.PROTOCOL_UDP, size)
      const bytes = new Uint8Array(size)
      udp.emit(datagram, bytes, 0, pseudo)
      assert.deepEqual(udp.parse(bytes, 0, size, pseudo), datagram)
      bytes[0] = bytes[0]! ^ 0x10
      assert.deepEqual(udp.check(bytes, 0, size, pseudo), new Fault('UDP checksum is wrong', 6))
      bytes[6] = bytes[7] = 0
      assert.equal(udp.check(bytes, 0, size, pseudo), null, 'no checksum was made')
    }),
  )
  // A pseudo-header and ports chosen so that everything adds up to 0xffff.
  const bytes = new Uint8Array(8)
  udp.emit({ sourcePort: 0xffff - 8 - 8 - 17, destinationPort: 0, payload: new Uint8Array(0) }, bytes, 0, 17 + 8)
  assert.deepEqual([...bytes.subarray(6)], [0xff, 0xff])
  assert.match(udp.check(Uint8Array.of(0, 1, 0, 2, 0, 7, 0, 0), 0, 8)!.why, /UDP length 7/)
  assert.match(udp.check(Uint8Array.of(0, 1, 0, 2, 0, 9, 0, 0), 0, 8)!.why, /UDP length 9, but 8/)
})

test('ICMP messages come back and read like tcpdump', () => {
  const messages: icmp.IcmpMessage[] = [
    { kind: 'echo request', identifier: 1, sequence: 2, payload: new Uint8Array(56) },
    { kind: 'echo reply', identifier: 0xffff, sequence: 0, payload: new Uint8Array(0) },
    { kind: 'unreachable', code: icmp.PORT_UNREACHABLE, mtu: 0, payload: new Uint8Array(28) },
    { kind: 'unreachable', code: icmp.FRAGMENTATION_NEEDED, mtu: 1400, payload: new Uint8Array(28) },
    { kind: 'time exceeded', code: 0, mtu: 0, payload: new Uint8Array(28) },
    { kind: 'other', type: 13, code: 1, payload: new Uint8Array(12) },
  ]
  for (const message of messages) {
    const bytes = new Uint8Array(icmp.length(message))
    icmp.emit(message, bytes)
    assert.deepEqual(icmp.parse(bytes, 0, bytes.length), message)
    bytes[1] = bytes[1]! ^ 4
    assert.deepEqual(icmp.parse(bytes, 0, bytes.length), new Fault('ICMP checksum is wrong', 2))
  }
  assert.deepEqual(messages.map(icmp.print), [
    'ICMP echo request, id 1, seq 2, length 64',
    'ICMP echo reply, id 65535, seq 0, length 8',
    'ICMP port unreachable, length 36',
    'ICMP unreachable - need to frag (mtu 1400), length 36',
    'ICMP time exceeded, code 0, length 36',
    'ICMP type 13, code 1, length 20',
  ])
})

test('a whole frame in one line', () => {
  assert.equal(printFrame(PING), 'IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id 1, seq 2, length 64')
  assert.equal(ipv4.print(parsed(ipv4.parse(PING, 14, 84))), 'IP 192.0.2.1 > 192.0.2.2: ICMP, ttl 64, length 84')
  assert.equal(printFrame(PING.subarray(0, 12)), '[Ethernet frame of 12 octets, 14 needed]')
})

test('a header with a known checksum is accepted', () => {
  const header = Uint8Array.from(Buffer.from('45000073000040004011b861c0a80001c0a800c7', 'hex'))
  const bytes = new Uint8Array(0x73)
  bytes.set(header)
  assert.equal(ipv4.check(bytes, 0, bytes.length), null)
})

test('every way to say what is wrong also says where', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(20), (bytes, offset) => {
      for (const { check } of [ethernet, arp, ipv4, udp, icmp]) {
        const fault = check(bytes, offset, Math.max(0, bytes.length - offset))
        if (fault !== null) assert.ok(fault.at >= offset && fault.at <= offset + 20 && fault.why.length > 10)
      }
    }),
  )
})

test('a header that is changed in place keeps a right checksum', () => {
  fc.assert(
    fc.property(ip, ip, fc.integer({ min: 1, max: 255 }), ip, ip, (from, to, ttl, newFrom, newTo) => {
      const bytes = new Uint8Array(20)
      const fields = { source: from, destination: to, protocol: ipv4.PROTOCOL_UDP, ttl, trafficClass: 3 }
      ipv4.emitHeader(bytes, 0, fields, 20, 1, ipv4.DONT_FRAGMENT)
      assert.equal(ipv4.ecn(bytes, 0), 3)
      ipv4.decrementTtl(bytes, 0)
      ipv4.putSource(bytes, 0, newFrom)
      ipv4.putDestination(bytes, 0, newTo)
      assert.equal(ipv4.check(bytes, 0, 20), null)
      const { source, destination } = parsed(ipv4.parse(bytes, 0, 20))
      assert.deepEqual([source, destination, ipv4.ttl(bytes, 0)], [newFrom, newTo, ttl - 1])
    }),
  )
})

test('no bytes make a parser throw', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    fc.tuple(fc.nat(97), fc.nat(255)).map(([at, value]) => {
      const bytes = PING.slice()
      bytes[at] = value
      return bytes
    }),
  )
  fc.assert(
    fc.property(noise, fc.nat(130), (bytes, size) => {
      for (const { parse } of [ethernet, arp, ipv4, udp, icmp]) parse(bytes, 0, size)
      assert.equal(typeof printFrame(bytes), 'string')
    }),
    { numRuns: 3000 },
  )
})
