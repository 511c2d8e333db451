/** How a connection begins for its owner and how it ends: attach, half-close, close, reset, and onClose once. */
import assert from 'node:assert/strict'
import { pair, pattern, quietPair, Recorder, roundTrip, shut } from './recorder.ts'
import type { Scenario } from './world.ts'

export function attachScenarios(scenario: Scenario): void {
  scenario('nothing is delivered before attach; data and end wait', async (world) => {
    const both = await quietPair(world)
    both.client.attach()
    both.client.write('early bird')
    both.client.call((c) => c.end())
    await roundTrip(world)
    assert.equal(both.server.received, 0)
    both.server.attach()
    assert.equal(both.server.received, 0, 'not from inside attach')
    await both.server.until(() => both.server.ended)
    assert.equal(both.server.text, 'early bird')
    await shut(both)
  })

  scenario(
    'a reset before attach is remembered',
    async (world) => {
      const both = await quietPair(world)
      both.client.attach()
      both.client.call((c) => c.reset())
      await roundTrip(world)
      both.server.attach()
      await both.server.until(() => both.server.closed)
      assert.equal(both.server.closes[0]?.code, 'ECONNRESET')
      await both.door.listener.close()
    },
    'reset',
  )

  scenario('an own close before attach is remembered', async (world) => {
    const both = await quietPair(world)
    both.client.attach()
    both.server.call((c) => c.close())
    await both.client.until(() => both.client.ended)
    await roundTrip(world)
    both.server.attach()
    await both.server.until(() => both.server.closed)
    assert.deepEqual(both.server.closes, [null])
    await shut(both)
  })

  scenario('bytes can be written before attach', async (world) => {
    const both = await quietPair(world)
    both.server.write('welcome')
    both.client.attach()
    await both.client.until(() => both.client.received === 7)
    await shut(both)
  })

  scenario('attach hands over to another owner, from inside onData too', async (world) => {
    const both = await pair(world)
    const second = new Recorder(both.server.connection)
    both.server.react = () => second.attach()
    both.client.write('for the first')
    await both.server.until(() => both.server.received === 13)
    both.client.write('for the second')
    await second.until(() => second.received === 14)
    assert.equal(both.server.text, 'for the first')
    both.client.call((c) => c.reset())
    await second.until(() => second.closed || second.ended)
    assert.equal(both.server.closed || both.server.ended, false, 'the former owner hears no more')
    await shut({ ...both, server: second })
  })

  scenario('attach lets the bytes flow, though the former owner had paused', async (world) => {
    const both = await pair(world)
    both.server.call((c) => c.pause())
    both.client.write('patience')
    await roundTrip(world)
    const second = Recorder.on(both.server.connection)
    await second.until(() => second.received === 8)
    await shut({ ...both, server: second })
  })
}

export function endScenarios(scenario: Scenario): void {
  for (const first of ['client', 'server'] as const) {
    const second = first === 'client' ? 'server' : 'client'
    scenario(`half-close: the ${first} ends, the ${second} goes on and ends later`, async (world) => {
      const both = await pair(world)
      both[first].write('question')
      both[first].call((c) => c.end())
      await both[second].until(() => both[second].ended)
      assert.equal(both[second].text, 'question')
      both[second].write('answer, ')
      await both[first].until(() => both[first].received === 8)
      both[second].write('the rest')
      both[second].call((c) => c.end())
      await both[first].until(() => both[first].closed)
      await both[second].until(() => both[second].closed)
      assert.equal(both[first].text, 'answer, the rest')
      assert.equal(both[first].ended, true, 'onEnd comes before onClose')
      assert.deepEqual([...both.client.closes, ...both.server.closes], [null, null])
      await both.door.listener.close()
    })
  }

  scenario('close sends what is queued, then the end; onClose(null) follows', async (world) => {
    const both = await pair(world)
    both.client.call((c) => c.write(pattern(0, 3_000_000)))
    both.client.call((c) => c.close())
    await both.server.until(() => both.server.ended)
    assert.equal(both.server.received, 3_000_000)
    await both.client.until(() => both.client.closed)
    assert.deepEqual(both.client.closes, [null])
    both.server.call((c) => c.close())
    await both.server.until(() => both.server.closed)
    assert.deepEqual(both.server.closes, [null])
    await both.door.listener.close()
  })

  scenario('after close nothing is delivered but onClose', async (world) => {
    const both = await pair(world)
    both.client.call((c) => c.write(pattern(0, 100_000)))
    both.client.call((c) => c.close())
    both.server.write('too late')
    await both.client.until(() => both.client.closed)
    assert.equal(both.client.received, 0)
    assert.equal(both.client.ended, false)
    await shut(both)
  })

  scenario('close by a paused reader does not destroy what it had sent', async (world) => {
    const both = await pair(world)
    both.server.call((c) => c.pause())
    both.client.call((c) => c.write(pattern(0, 300_000)))
    await roundTrip(world)
    both.server.write('goodbye')
    both.server.call((c) => c.close())
    await both.client.until(() => both.client.ended || both.client.closed)
    assert.equal(both.client.text, 'goodbye')
    await shut(both)
  })

  scenario(
    'reset is seen as ECONNRESET on the other side, and as onClose(null) on this one',
    async (world) => {
      const both = await pair(world)
      both.client.call((c) => c.reset())
      await both.client.until(() => both.client.closed)
      await both.server.until(() => both.server.closed)
      assert.deepEqual(both.client.closes, [null])
      assert.equal(both.server.closes[0]?.code, 'ECONNRESET')
      await both.door.listener.close()
    },
    'reset',
  )

  scenario(
    'reset drops what is queued, though the peer never reads',
    async (world) => {
      const both = await pair(world)
      both.server.call((c) => c.pause())
      for (let i = 0; i < 16; i++) both.client.call((c) => c.write(pattern(0, 1_000_000)))
      await roundTrip(world)
      both.client.call((c) => c.reset())
      await both.client.until(() => both.client.closed)
      assert.equal(both.client.connection.queued, 0)
      both.server.call((c) => c.resume())
      await both.server.until(() => both.server.closed)
      assert.equal(both.server.closes[0]?.code, 'ECONNRESET')
      await both.door.listener.close()
    },
    'reset',
  )

  scenario('reset cuts a close short that waits for a peer who does not read', async (world) => {
    const both = await pair(world)
    both.server.call((c) => c.pause())
    for (let i = 0; i < 16; i++) both.client.call((c) => c.write(pattern(0, 1_000_000)))
    both.client.call((c) => c.close())
    await roundTrip(world)
    assert.equal(both.client.closed, false, 'the queue is still being sent')
    both.client.call((c) => c.reset())
    await both.client.until(() => both.client.closed)
    assert.deepEqual(both.client.closes, [null])
    await shut(both)
  })

  scenario(
    'a writer whose peer has reset learns it',
    async (world) => {
      const both = await pair(world)
      both.server.call((c) => c.pause())
      for (let i = 0; i < 16; i++) both.client.call((c) => c.write(pattern(0, 1_000_000)))
      await roundTrip(world)
      both.server.call((c) => c.reset())
      await both.client.until(() => both.client.closed)
      assert.match(both.client.closes[0]?.code ?? 'none', /^(ECONNRESET|EPIPE)$/)
      assert.equal(both.client.write('into the void'), false)
      await both.door.listener.close()
    },
    'reset',
  )

  for (const how of ['end', 'close', 'reset'] as const)
    scenario(`after ${how} a write answers false and goes nowhere`, async (world) => {
      const both = await pair(world)
      both.client.write('kept')
      await both.server.until(() => both.server.received === 4)
      both.client.call((c) => c[how]())
      assert.equal(both.client.write('dropped'), false)
      await both.server.until(() => both.server.ended || both.server.closed)
      assert.equal(both.server.text, 'kept')
      await shut(both)
    })

  scenario('onClose comes exactly once, however often and in whatever order an owner leaves', async (world) => {
    const orders = [
      ['close', 'close', 'reset'],
      ['end', 'close', 'end'],
      ['reset', 'close', 'reset'],
      ['end', 'end', 'reset'],
    ] as const
    for (const order of orders) {
      const both = await pair(world)
      for (const how of order) both.client.call((c) => c[how]())
      await both.client.until(() => both.client.closed)
      for (const how of order) both.client.call((c) => c[how]())
      both.client.call((c) => c.pause())
      both.client.call((c) => c.resume())
      both.server.call((c) => c.close())
      await both.server.until(() => both.server.closed)
      await roundTrip(world)
      assert.deepEqual(both.client.closes, [null])
      await both.door.listener.close()
    }
  })

  scenario('closing from inside onData, onEnd and onClose is safe', async (world) => {
    for (const how of ['close', 'reset', 'end'] as const) {
      const both = await pair(world)
      both.server.react = () => both.server.call((c) => c[how]())
      both.client.call((c) => c.write(pattern(0, 200_000)))
      both.client.call((c) => c.end())
      await both.server.until(() => both.server.closed)
      await both.client.until(() => both.client.closed)
      await both.door.listener.close()
    }
  })
}
