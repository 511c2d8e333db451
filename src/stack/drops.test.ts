/** Every way in which a packet can end in a stack is an event with its reason, and a number. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../base/clock.ts'
import { RecordingLog } from '../base/events.ts'
import { arp } from '../wire/index.ts'
import * as ipv4 from '../wire/ipv4.ts'
import { DROPS, type DropReason, type StackDroppedEvent } from './events.ts'
import { Nat } from './net/ip4/nat/nat.ts'
import type { StackOptions } from './stack.ts'
import { arpFrame, bench, icmpFrame, ipFrame, OWN, PEER, Probe, tcpFrame, udpFrame } from './trial/bench.ts'

type Bench = ReturnType<typeof bench>

interface Scene {
  readonly options?: Partial<StackOptions> & { readonly strangers?: boolean }
  readonly play: (made: Bench) => unknown
}

const FAR = '203.0.113.9'
const LAN_MAC = 0x0200_0000_000b

/** A router with a LAN behind it, whose addresses it translates. */
function translating({ stack, eth0 }: Bench): Probe {
  const lan = new Probe('lan', LAN_MAC)
  stack.attach(lan, ['192.168.1.1/24'])
  const { limits, timers, random, journal, frames, ip4 } = stack
  const router = { limits, timers, random, journal, frames, isTaken: () => false, forward: () => {} }
  ip4.translate(new Nat(router, eth0))
  return lan
}

const fromLaptop = { from: '192.168.1.10', to: FAR, toMac: LAN_MAC }

function changed(frame: Uint8Array, at: number, value: number): Uint8Array {
  frame[at] = value
  ipv4.sealHeader(frame, 14)
  return frame
}

const SCENES: { readonly [reason in DropReason]: Scene } = {
  'frame malformed': { play: ({ probe }) => probe.receive(new Uint8Array(13)) },
  'frame for another machine': { play: ({ probe }) => probe.receive(udpFrame(1, 9, 'x', { toMac: 0x0200_0000_0077 })) },
  'ethertype unknown': {
    play({ probe }) {
      const frame = udpFrame(1, 9, 'x')
      frame[12] = 0x99
      probe.receive(frame)
    },
  },
  'ARP malformed': { play: ({ probe }) => probe.receive(arpFrame(arp.REQUEST, 1, PEER, OWN).subarray(0, 30)) },
  'too many wait for the neighbour': {
    options: { strangers: true, limits: { neighbourQueue: 1 } },
    async play({ host }) {
      const socket = await host.datagrams()
      for (let i = 0; i < 2; i++) socket.send(new Uint8Array(1), { address: PEER, port: 9 })
    },
  },
  'neighbour does not answer': {
    options: { strangers: true },
    async play({ host, clock }) {
      const socket = await host.datagrams()
      socket.send(new Uint8Array(1), { address: PEER, port: 9 })
      clock.pass(5 * SECOND)
    },
  },
  'packet malformed': {
    play({ probe }) {
      const frame = udpFrame(1, 9, 'x')
      frame[24]! ^= 1
      probe.receive(frame)
    },
  },
  'source address impossible here': { play: ({ probe }) => probe.receive(udpFrame(1, 9, 'x', { from: OWN })) },
  'destination address impossible here': {
    play: ({ probe }) => probe.receive(udpFrame(1, 9, 'x', { to: '127.0.0.1' })),
  },
  'packet for another machine': { play: ({ probe }) => probe.receive(udpFrame(1, 9, 'x', { to: FAR })) },
  'no route': {
    options: { forwarding: true },
    play({ probe, stack }) {
      stack.ip4.routes.remove(({ prefix }) => prefix.length === 0)
      probe.receive(udpFrame(1, 9, 'x', { to: FAR }))
    },
  },
  'time to live exceeded': {
    options: { forwarding: true },
    play: ({ probe }) => probe.receive(udpFrame(1, 9, 'x', { to: FAR, ttl: 1 })),
  },
  'too long for the next link': {
    options: { forwarding: true },
    play({ probe, stack }) {
      stack.attach(new Probe('eth1', 9, 600), ['203.0.113.1/24'])
      probe.receive(udpFrame(1, 9, 'x'.repeat(1000), { to: FAR, dontFragment: true }))
    },
  },
  'broadcast is not forwarded': {
    options: { forwarding: true },
    play({ probe, stack }) {
      stack.attach(new Probe('eth1', 9), ['203.0.113.1/24'])
      probe.receive(udpFrame(1, 9, 'x', { to: '203.0.113.255' }))
    },
  },
  'loopback address would leave the host': {
    play({ stack, eth0 }) {
      const { ip4 } = stack
      const path = ip4.path(0xc0000202, 0)!
      assert.equal(path.interface, eth0)
      const packet = { source: ip4.loopback, destination: 0xc0000202, protocol: 17, ttl: 64, trafficClass: 0 }
      const sent = ip4.send(ip4.frame(8), path, { ...packet, fits: path.datagrams, dontFragment: true, loop: false })
      assert.equal(sent, false)
    },
  },
  'protocol unknown': { play: ({ probe }) => probe.receive(ipFrame(new Uint8Array(8), { protocol: 99 })) },
  'fragment malformed': { play: ({ probe }) => probe.receive(ipFrame(new Uint8Array(12), { moreFragments: true })) },
  'fragments contradict each other': {
    play({ probe }) {
      probe.receive(ipFrame(new Uint8Array(16), { moreFragments: true }))
      probe.receive(ipFrame(new Uint8Array(16), { moreFragments: true, fragmentOffset: 8 }))
    },
  },
  'too many packets are put together': {
    options: { limits: { reassemblies: 1 } },
    play({ probe }) {
      for (const from of ['192.0.2.3', '192.0.2.4'])
        probe.receive(ipFrame(new Uint8Array(8), { from, moreFragments: true }))
    },
  },
  'fragments missing': {
    play({ probe, clock }) {
      probe.receive(ipFrame(new Uint8Array(8), { moreFragments: true }))
      clock.pass(31 * SECOND)
    },
  },
  'ICMP malformed': {
    play: ({ probe }) => probe.receive(ipFrame(new Uint8Array(7), { protocol: ipv4.PROTOCOL_ICMP })),
  },
  'nobody waits for the ICMP message': {
    play({ probe }) {
      const reply = { kind: 'echo reply', identifier: 1, sequence: 1, payload: new Uint8Array(4) } as const
      probe.receive(icmpFrame(reply))
    },
  },
  'UDP malformed': { play: ({ probe }) => probe.receive(ipFrame(new Uint8Array(7), {})) },
  'no socket at the UDP port': { play: ({ probe }) => probe.receive(udpFrame(1, 9, 'x')) },
  'UDP socket full': {
    options: { limits: { datagramBuffer: 100 } },
    async play({ host, probe }) {
      await host.datagrams({ address: '0.0.0.0', port: 9 })
      probe.receive(udpFrame(1, 9, 'x'))
    },
  },
  'TCP malformed': { play: ({ probe }) => probe.receive(changed(tcpFrame({}), 46, 0)) },
  'no connection for the TCP segment': { play: ({ probe }) => probe.receive(tcpFrame({})) },
  'TCP listener full': {
    options: { tcp: { synQueue: 1 } },
    async play({ host, probe }) {
      await host.listen({ address: '0.0.0.0', port: 80 }, () => {})
      for (const sourcePort of [5001, 5002]) probe.receive(tcpFrame({ sourcePort }))
    },
  },
  'nothing to translate it by': {
    options: { forwarding: true },
    play: (made) => translating(made).receive(ipFrame(new Uint8Array(8), { ...fromLaptop, protocol: 47 })),
  },
  'translation table full': {
    options: { forwarding: true, limits: { natEntries: 0 } },
    play: (made) => translating(made).receive(udpFrame(1, 9, 'x', fromLaptop)),
  },
}

for (const [reason, { options = {}, play }] of Object.entries(SCENES) as [DropReason, Scene][])
  test(`dropped: ${reason}`, async () => {
    const log = new RecordingLog()
    const made = bench({ ...options, events: log })
    const before = made.stack.counters[DROPS[reason]]
    await play(made)
    const drops = log.events.filter((event): event is StackDroppedEvent => event.type === 'stack.dropped')
    const event = drops.find((each) => each.reason === reason)
    assert.ok(event, `reported: ${drops.map((each) => each.reason).join(', ') || 'nothing'}`)
    assert.equal(event.host, 'bench')
    assert.ok(made.stack.counters[DROPS[reason]] > before)
    // A packet begins with its IP header; what is not IP is the whole frame.
    const isFrame = /^(frame|ethertype|ARP)/.test(reason)
    if (!isFrame && event.packet.length > 0) assert.equal(event.packet[0]! >>> 4, 4)
  })

test('a drop names the frame that brought the packet, and the interface; nothing is made when nobody listens', () => {
  const log = new RecordingLog()
  const { probe } = bench({ events: log })
  log.events.length = 0
  probe.receive(udpFrame(1, 9, 'x'), { id: 4711 })
  const event = log.events.find(({ type }) => type === 'stack.dropped') as StackDroppedEvent
  assert.deepEqual([event.frame, event.interface, event.reason], [4711, 'eth0', 'no socket at the UDP port'])
  assert.equal(event.packet.length, 29)
  const quiet = bench()
  quiet.probe.receive(udpFrame(1, 9, 'x'), { id: 4711 })
  assert.equal(quiet.stack.counters.udpNoPort, 1)
})
