import assert from 'node:assert/strict'
import { test } from 'node:test'
import { icmp } from '../../wire/index.ts'
import { bench, icmpFrame, OWN, PEER, udpFrame } from '../trial/bench.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

test('the nearest socket gets the datagram: connected, then bound to the address, then any', async () => {
  const { host, probe, clock } = bench()
  const heard: string[] = []
  const open = async (name: string, address: string, peer?: string) => {
    const socket = await host.datagrams({ address, port: 9 }, { options: { SO_REUSEADDR: 1 } })
    if (peer !== undefined) await socket.connect({ address: peer, port: 5 })
    socket.attach({ onDatagram: (bytes) => heard.push(`${name} ${text(bytes)}`), onError() {}, onClose() {} })
  }
  await open('any', '0.0.0.0')
  await open('bound', OWN)
  await open('connected', OWN, PEER)
  clock.pass(0)
  probe.receive(udpFrame(5, 9, 'from the peer'))
  probe.receive(udpFrame(6, 9, 'from another port'))
  assert.deepEqual(heard, ['connected from the peer', 'bound from another port'])
  await assert.rejects(host.datagrams({ address: '0.0.0.0', port: 9 }), { code: 'EADDRINUSE' })
  await assert.rejects(host.datagrams({ address: '203.0.113.1', port: 0 }), { code: 'EADDRNOTAVAIL' })
  await assert.rejects(host.datagrams({ address: '::', port: 0 }), { code: 'EAFNOSUPPORT' })
  await assert.rejects(host.datagrams({ address: 'web', port: 0 }), { code: 'EINVAL' })
})

test('SO_ERROR holds the error that nobody has been told, once', async () => {
  const { host, probe } = bench()
  const socket = await host.datagrams()
  await socket.connect({ address: PEER, port: 9 })
  socket.send(Buffer.from('x'))
  const payload = probe.sent.pop()!.slice(14, 14 + 28)
  probe.receive(icmpFrame({ kind: 'unreachable', code: icmp.PORT_UNREACHABLE, mtu: 0, payload }))
  assert.equal(socket.getOption('SO_ERROR'), 111)
  assert.equal(socket.getOption('SO_ERROR'), 0)
})

test('an ICMP error about another socket’s datagram, or from nowhere, is not reported', async () => {
  const { host, probe, clock } = bench()
  const socket = await host.datagrams()
  const errors: string[] = []
  socket.attach({ onDatagram() {}, onError: (error) => errors.push(error.code), onClose() {} })
  socket.send(Buffer.from('x'), { address: PEER, port: 9 })
  const payload = probe.sent.pop()!.slice(14, 14 + 28)
  const complaint: icmp.IcmpMessage = { kind: 'unreachable', code: icmp.PORT_UNREACHABLE, mtu: 0, payload }
  probe.receive(icmpFrame(complaint))
  clock.pass(0)
  assert.deepEqual(errors, [], 'it is not connected')
  await socket.connect({ address: PEER, port: 10 })
  probe.receive(icmpFrame(complaint))
  clock.pass(0)
  assert.deepEqual(errors, [], 'that was another peer')
})

test('time to live and close', async () => {
  const { host, probe, clock } = bench()
  const socket = await host.datagrams()
  socket.setOption('IP_TTL', 3)
  socket.send(Buffer.from('x'), { address: PEER, port: 9 })
  assert.equal(probe.sent.pop()![22], 3)
  assert.throws(() => socket.setOption('IP_TTL', 256), { code: 'EINVAL' })
  let closes = 0
  socket.attach({ onDatagram() {}, onError() {}, onClose: () => closes++ })
  socket.close()
  socket.close()
  assert.equal(closes, 0)
  clock.pass(0)
  assert.equal(closes, 1)
  assert.throws(() => socket.send(Buffer.from('x'), { address: PEER, port: 9 }), { code: 'EBADF' })
})
