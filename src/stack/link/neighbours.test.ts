import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import { formatIp4, parseIp4 } from '../../base/ip.ts'
import { arp, tcp } from '../../wire/index.ts'
import { STACK_LIMITS } from '../limits.ts'
import { arpFrame, bench, OWN, PEER, PEER_MAC, type SegmentFields, tcpFrame, udpFrame } from '../trial/bench.ts'

const WHO_HAS = `ARP, Request who-has ${PEER} tell ${OWN}`

async function stranger() {
  const made = bench({ strangers: true })
  const socket = await made.host.datagrams()
  const say = (text: string) => socket.send(new TextEncoder().encode(text), { address: PEER, port: 9 })
  const state = () => [...made.eth0.neighbours!].map((each) => each.state).join()
  return { ...made, socket, say, state }
}

test('a question is asked once a second, three times, and then the sender learns that nobody answered', async () => {
  const { clock, probe, socket, say, state, stack } = await stranger()
  await socket.connect({ address: PEER, port: 9 })
  const errors: string[] = []
  socket.attach({ onDatagram() {}, onError: (error) => errors.push(error.code), onClose() {} })
  say('one')
  assert.deepEqual(probe.lines(), [WHO_HAS])
  say('two')
  assert.deepEqual(probe.lines(), [], 'no question for every packet')
  clock.pass(1 * SECOND)
  clock.pass(1 * SECOND)
  assert.deepEqual(probe.lines(), [WHO_HAS, WHO_HAS])
  assert.equal(state(), 'incomplete')
  clock.pass(1 * SECOND)
  assert.equal(state(), 'failed')
  assert.deepEqual(errors, ['EHOSTUNREACH'])
  assert.equal(stack.counters.neighbourUnreachable, 2)
  say('three')
  assert.deepEqual(probe.lines(), [], 'a failed neighbour is not asked for at once')
  clock.pass(1 * SECOND)
  say('four')
  assert.deepEqual(probe.lines(), [WHO_HAS])
})

test('what waited goes out in order when the answer comes', async () => {
  const { probe, say, state } = await stranger()
  for (let i = 0; i < 3; i++) say('x'.repeat(i))
  probe.lines()
  probe.receive(arpFrame(arp.REPLY, PEER_MAC, PEER, OWN))
  assert.deepEqual(
    probe.lines().map((line) => line.slice(-8)),
    ['length 0', 'length 1', 'length 2'],
  )
  assert.equal(state(), 'reachable')
})

test('the queue of one neighbour is bounded, and the latest packets stay', async () => {
  const { probe, say, stack } = await stranger()
  for (let i = 0; i < STACK_LIMITS.neighbourQueue + 5; i++) say('x'.repeat(i))
  assert.equal(stack.counters.neighbourQueueOverflow, 5)
  probe.lines()
  probe.receive(arpFrame(arp.REPLY, PEER_MAC, PEER, OWN))
  const lines = probe.lines()
  assert.equal(lines.length, STACK_LIMITS.neighbourQueue)
  assert.match(lines[0]!, /length 5$/)
})

test('reachable, stale, delay, probe: the states of RFC 4861, with no timer for an idle neighbour', async () => {
  const { clock, probe, say, state } = await stranger()
  say('x')
  probe.receive(arpFrame(arp.REPLY, PEER_MAC, PEER, OWN))
  probe.lines()
  clock.pass(31 * SECOND)
  assert.equal(state(), 'reachable', 'nobody has looked')
  say('still there?')
  assert.equal(state(), 'delay')
  assert.equal(probe.lines().length, 1, 'the packet goes out meanwhile')
  clock.pass(5 * SECOND)
  assert.equal(state(), 'probe')
  assert.deepEqual(probe.lines(), [WHO_HAS])
  probe.receive(arpFrame(arp.REPLY, PEER_MAC, PEER, OWN))
  assert.equal(state(), 'reachable')
  clock.pass(31 * SECOND)
  say('and now?')
  clock.pass(8 * SECOND)
  assert.equal(probe.lines().length, 4, 'the packet and three questions')
  assert.equal(state(), 'failed')
})

test('another MAC address is used at once and confirmed later; who asks us is learnt; a group has no address', async () => {
  const { probe, say, state } = await stranger()
  probe.receive(arpFrame(arp.REQUEST, PEER_MAC, PEER, OWN))
  assert.deepEqual(probe.lines(), [`ARP, Reply ${OWN} is-at 02:00:00:00:00:01`])
  assert.equal(state(), 'stale')
  probe.receive(arpFrame(arp.REQUEST, PEER_MAC + 1, PEER, PEER))
  say('x')
  assert.deepEqual([...probe.sent[0]!.subarray(0, 6)], [2, 0, 0, 0, 0, 3])
  probe.receive(arpFrame(arp.REPLY, 0x0100_0000_0001, '192.0.2.77', OWN))
  probe.receive(arpFrame(arp.REQUEST, PEER_MAC, OWN, OWN))
  probe.receive(arpFrame(arp.REPLY, PEER_MAC, '192.0.2.78', OWN))
  assert.equal(state(), 'delay', 'an answer to no question makes no entry')
})

test('the table is bounded', () => {
  const { probe, eth0, stack } = bench({ strangers: true })
  stack.addAddress(eth0, '10.0.0.1/8')
  for (let i = 2; i < STACK_LIMITS.neighbours + 100; i++)
    probe.receive(arpFrame(arp.REQUEST, PEER_MAC, formatIp4(parseIp4('10.0.0.0') + i), '10.0.0.1'))
  assert.equal(eth0.neighbours!.size, STACK_LIMITS.neighbours)
})

test('malformed ARP is counted', () => {
  const { probe, stack } = bench()
  const frame = arpFrame(arp.REQUEST, PEER_MAC, PEER, OWN)
  probe.receive(frame.subarray(0, 30))
  const foreign = frame.slice()
  foreign[15] = 6
  probe.receive(foreign)
  assert.equal(stack.counters.arpMalformed, 2)
  probe.receive(udpFrame(1, 9, 'x'))
  assert.equal(stack.counters.udpNoPort, 1)
})

test('progress of a TCP connection confirms its next hop: nobody is asked', async () => {
  const { host, probe, clock } = bench()
  const segment = (fields: SegmentFields) => probe.receive(tcpFrame({ sourcePort: 4000, ...fields }))
  await host.listen({ address: '0.0.0.0', port: 80 }, (connection) => void connection.write(new Uint8Array(10)))
  segment({ seq: 1000, flags: tcp.SYN })
  const synAck = tcp.parse(probe.sent.pop()!, 34, 24)
  assert.ok(!(synAck instanceof Fault))
  segment({ seq: 1001, ack: synAck.seq + 1, flags: tcp.ACK })
  clock.pass(0)
  probe.sent.length = 0
  segment({ seq: 1001, ack: synAck.seq + 11, flags: tcp.ACK })
  clock.pass(20 * SECOND)
  assert.deepEqual(probe.lines(), [])
})
