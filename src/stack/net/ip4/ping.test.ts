import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds } from '../../../base/duration.ts'
import { Fault } from '../../../base/fault.ts'
import { icmp } from '../../../wire/index.ts'
import { bench, icmpFrame, PEER } from '../../trial/bench.ts'
import { ping } from './ping.ts'

/** A ping under way, and the request that it has sent. */
function asked() {
  const made = bench()
  const { clock, random, ip4 } = made.stack
  const answer = ping({ clock, random, ip4, enterApplication() {} }, PEER, { timeout: seconds(1) })
  const frame = made.probe.sent.pop()!
  const request = icmp.parse(frame, 34, frame.length - 34)
  assert.ok(!(request instanceof Fault) && request.kind === 'echo request')
  return { ...made, answer, reply: { ...request, kind: 'echo reply' as const } }
}

test('a ping takes only the reply to its request, from the host that it asked', async () => {
  const { probe, clock, answer, reply, stack } = asked()
  const wrong: readonly (readonly [icmp.IcmpEcho, { from?: string }])[] = [
    [reply, { from: '192.0.2.66' }],
    [{ ...reply, sequence: reply.sequence + 1 }, {}],
    [{ ...reply, identifier: reply.identifier ^ 1 }, {}],
    [{ ...reply, payload: new Uint8Array(reply.payload.length) }, {}],
    [{ ...reply, payload: reply.payload.subarray(1) }, {}],
  ]
  for (const [message, fields] of wrong) probe.receive(icmpFrame(message, fields))
  assert.equal(stack.counters.icmpIgnored, wrong.length)
  clock.pass(seconds(0.5))
  probe.receive(icmpFrame(reply))
  assert.deepEqual(await answer, { outcome: 'reply', from: PEER, time: seconds(0.5) })
})

test('two requests have data that tell nothing of each other', () => {
  const { stack, probe } = asked()
  const { clock, random, ip4 } = stack
  const data = [0, 1].map(() => {
    void ping({ clock, random, ip4, enterApplication() {} }, PEER)
    return probe.sent.pop()!.slice(42)
  })
  assert.notDeepEqual(data[0], data[1])
})
