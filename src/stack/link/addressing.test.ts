import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Duration, seconds } from '../../base/duration.ts'
import { RecordingLog } from '../../base/events.ts'
import { formatIp4 } from '../../base/ip.ts'
import type { StackAddressEvent } from '../events.ts'
import { arpFrame, bench, OWN, PEER, udpFrame } from '../trial/bench.ts'

const SECOND_ADDRESS = '192.0.2.8'

function traced() {
  const log = new RecordingLog()
  const made = bench({ events: log })
  log.events.length = 0
  const told = () =>
    log.events
      .filter((event): event is StackAddressEvent => event.type === 'stack.address')
      .map(({ address, state }) => `${address} ${state}`)
  const source = () => formatIp4(made.stack.ip4.path(0xc0000202, 0)!.source as number)
  return { ...made, told, source }
}

test('an address that is taken away is nobody’s: no ARP answer, no delivery, and its route goes with the last of its prefix', () => {
  const { stack, eth0, probe, told } = traced()
  stack.addAddress(eth0, `${SECOND_ADDRESS}/24`)
  stack.removeAddress(eth0, `${OWN}/24`)
  probe.receive(arpFrame(1, 0x0200_0000_0002, PEER, OWN))
  probe.receive(udpFrame(5, 9, 'x'))
  assert.deepEqual(probe.lines(), [])
  assert.equal(stack.counters.ipNotForUs, 1)
  const onLink = () =>
    stack.ip4.routes.own.filter(({ gateway, interface: of }) => gateway === null && of === eth0).length
  assert.equal(onLink(), 1)
  stack.removeAddress(eth0, SECOND_ADDRESS)
  assert.equal(onLink(), 0)
  assert.deepEqual(told(), ['192.0.2.8/24 preferred', '192.0.2.1/24 removed', '192.0.2.8/24 removed'])
})

test('a tentative address is not used, in either direction, until it is given for good', () => {
  const { stack, eth0, probe, source } = traced()
  stack.removeAddress(eth0, OWN)
  stack.addAddress(eth0, `${SECOND_ADDRESS}/24`, { state: 'tentative' })
  assert.equal(source(), '0.0.0.0')
  probe.receive(arpFrame(1, 0x0200_0000_0002, PEER, SECOND_ADDRESS))
  assert.deepEqual(probe.lines(), [])
  stack.addAddress(eth0, `${SECOND_ADDRESS}/24`)
  assert.equal(source(), SECOND_ADDRESS)
  probe.receive(arpFrame(1, 0x0200_0000_0002, PEER, SECOND_ADDRESS))
  assert.equal(probe.lines().length, 1)
  assert.equal(eth0.addresses.length, 1)
})

test('an address grows old: new connections take another, then it is gone; giving it again begins its life anew', async () => {
  const { stack, eth0, clock, told, source, host } = traced()
  stack.removeAddress(eth0, OWN)
  const life = { preferred: seconds(10), valid: seconds(20) }
  stack.addAddress(eth0, `${SECOND_ADDRESS}/24`, life)
  stack.addAddress(eth0, `${OWN}/24`)
  assert.equal(source(), SECOND_ADDRESS)
  clock.pass(seconds(10))
  assert.equal(source(), OWN)
  await host.datagrams({ address: SECOND_ADDRESS, port: 9 })
  stack.addAddress(eth0, `${SECOND_ADDRESS}/24`, life)
  clock.pass(seconds(19))
  assert.equal(eth0.addresses.length, 2)
  clock.pass(seconds(1))
  assert.equal(eth0.addresses.length, 1)
  assert.deepEqual(told().slice(-4), [
    '192.0.2.8/24 deprecated',
    '192.0.2.8/24 preferred',
    '192.0.2.8/24 deprecated',
    '192.0.2.8/24 removed',
  ])
})

test('what is not an address, or not the interface’s, is refused with what to write', () => {
  const { stack, eth0 } = bench()
  for (const wrong of ['192.0.2.9', 'web', '192.0.2.9/33', ''])
    assert.throws(() => stack.addAddress(eth0, wrong), { code: 'STACK_ADDRESS', message: /like 192\.0\.2\.1\/24/ })
  assert.throws(() => stack.removeAddress(eth0, '192.0.2.9'), {
    code: 'STACK_ADDRESS',
    message: /has no address 192\.0\.2\.9: it has 192\.0\.2\.1\/24/,
  })
  assert.throws(() => stack.addAddress(eth0, '192.0.2.9/24', { valid: 5000 as Duration & number }), /valid|5000/)
})
