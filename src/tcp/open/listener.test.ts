import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seq } from '../../wire/sequence.ts'
import { ACK, FIN, NO_OPTIONS, RST, SYN, type TcpSegment } from '../../wire/tcp.ts'
import { ListenQueue } from './listener.ts'
import { resetFor } from './reset.ts'

function segment(flags: number, changes: Partial<TcpSegment> = {}): TcpSegment {
  const empty = { window: 0, urgent: 0, options: NO_OPTIONS, payload: new Uint8Array(0) }
  return { sourcePort: 5, destinationPort: 80, seq: seq(0xffffffff), ack: seq(77), flags, ...empty, ...changes }
}

test('RFC 9293 §3.10.7.2: what a listener does with what comes first', () => {
  const queue = new ListenQueue(2, 3)
  assert.equal(queue.judge(segment(SYN)), 'open')
  assert.equal(queue.judge(segment(RST)), 'drop')
  assert.equal(queue.judge(segment(RST | ACK)), 'drop')
  assert.equal(queue.judge(segment(ACK)), 'reset')
  assert.equal(queue.judge(segment(SYN | ACK)), 'reset')
  assert.equal(queue.judge(segment(FIN)), 'drop')
  assert.equal(queue.judge(segment(SYN | FIN)), 'drop')
})

test('the SYN queue is a limit', () => {
  const queue = new ListenQueue(10, 3)
  for (let i = 0; i < 3; i++) queue.opened()
  assert.equal(queue.judge(segment(SYN)), 'drop')
  assert.equal(queue.overflows, 1)
  queue.failed()
  assert.equal(queue.judge(segment(SYN)), 'open')
})

test('the accept queue is a limit', () => {
  const queue = new ListenQueue(1, 10)
  queue.opened()
  queue.opened()
  assert.ok(queue.roomToAccept)
  queue.completed()
  assert.ok(!queue.roomToAccept)
  assert.equal(queue.judge(segment(SYN)), 'drop')
  queue.taken()
  assert.ok(queue.roomToAccept)
  assert.equal(queue.judge(segment(SYN)), 'open')
  assert.equal(queue.halfOpen, 1)
})

test('RFC 9293 §3.10.7.1: the reset for a segment to nowhere', () => {
  const toSyn = resetFor(segment(SYN))!
  assert.deepEqual([toSyn.seq, toSyn.ack, toSyn.flags], [0, 0, RST | ACK])
  const toData = resetFor(segment(FIN, { payload: new Uint8Array(9) }))!
  assert.deepEqual([toData.seq, toData.ack, toData.flags], [0, 9, RST | ACK])
  const toAck = resetFor(segment(ACK))!
  assert.deepEqual([toAck.seq, toAck.flags, toAck.sourcePort, toAck.destinationPort], [77, RST, 80, 5])
  assert.equal(resetFor(segment(RST | ACK)), null)
})
