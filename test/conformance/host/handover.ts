/** Giving bytes back and handing a connection over: what a layer took too much of, the next owner gets. */
import assert from 'node:assert/strict'
import { encode, pair, quietPair, Recorder, roundTrip, shut } from './recorder.ts'
import type { Scenario } from './world.ts'

export function handoverScenarios(scenario: Scenario): void {
  scenario('bytes given back come again before anything else, the last given first', async (world) => {
    const both = await pair(world)
    const given = encode('second ')
    both.server.react = () => {
      both.server.react = () => {}
      both.server.unread(given)
      given.fill(0)
      both.server.unread(encode('first '))
      assert.equal(both.server.text, 'head ', 'not from inside the call')
    }
    both.client.write('head ')
    await both.server.until(() => both.server.received > 5)
    both.client.write('later')
    await both.server.until(() => both.server.received === 23)
    assert.equal(both.server.text, 'head first second later')
    await shut(both)
  })

  scenario('bytes given back go to whoever is the owner then', async (world) => {
    const both = await pair(world)
    const second = new Recorder(both.server.connection)
    both.server.react = (_what, bytes) => {
      both.server.unread(bytes!.subarray(6))
      second.attach()
    }
    both.client.write('PROXY\nGET /')
    await second.until(() => second.received === 5)
    assert.equal(second.text, 'GET /')
    both.client.write(' HTTP/1.1')
    await second.until(() => second.received === 14)
    assert.equal(second.text, 'GET / HTTP/1.1')
    assert.equal(both.server.received, 11)
    await shut({ ...both, server: second })
  })

  scenario('bytes given back wait while the connection is paused, and come before the end', async (world) => {
    const both = await pair(world)
    both.server.react = () => {
      both.server.react = () => {}
      both.server.call((c) => c.pause())
      both.server.unread(encode('again '))
    }
    both.client.write('once ')
    await both.server.until(() => both.server.received === 5)
    both.client.write('and the rest')
    both.client.call((c) => c.end())
    await roundTrip(world)
    assert.equal(both.server.text, 'once ')
    both.server.call((c) => c.resume())
    await both.server.until(() => both.server.ended)
    assert.equal(both.server.text, 'once again and the rest')
    await shut(both)
  })

  scenario('bytes can be given back before the first owner is there', async (world) => {
    const both = await quietPair(world)
    both.client.attach()
    both.server.unread(encode('from elsewhere '))
    both.client.write('from the peer')
    await roundTrip(world)
    assert.equal(both.server.received, 0)
    both.server.attach()
    await both.server.until(() => both.server.received === 28)
    assert.equal(both.server.text, 'from elsewhere from the peer')
    await shut(both)
  })

  scenario('who takes over after the end gets what was given back, and the end', async (world) => {
    const both = await pair(world)
    both.client.write('all')
    both.client.call((c) => c.end())
    await both.server.until(() => both.server.ended)
    both.server.unread(encode('all'))
    const second = Recorder.on(both.server.connection)
    assert.equal(second.received, 0, 'not from inside the call')
    await second.until(() => second.ended)
    assert.equal(second.text, 'all')
    const third = Recorder.on(both.server.connection)
    await third.until(() => third.ended)
    await shut({ ...both, server: third })
  })

  scenario(
    'who takes over after the close is told it',
    async (world) => {
      const both = await pair(world)
      both.client.call((c) => c.reset())
      await both.server.until(() => both.server.closed)
      const second = Recorder.on(both.server.connection)
      await second.until(() => second.closed)
      assert.equal(second.closes[0]?.code, 'ECONNRESET')
      second.unread(encode('too late'))
      await roundTrip(world)
      assert.deepEqual([second.received, second.closes.length, both.server.closes.length], [0, 1, 1])
      await both.door.listener.close()
    },
    'reset',
  )

  scenario('after close and reset nothing that was given back is delivered', async (world) => {
    for (const how of ['close', 'reset'] as const) {
      const both = await pair(world)
      both.server.unread(encode('before'))
      both.server.call((c) => c[how]())
      both.server.unread(encode('after'))
      await both.server.until(() => both.server.closed)
      assert.equal(both.server.received, 0)
      await shut(both)
    }
  })

  scenario(
    'unread and write take bytes only',
    async (world) => {
      const both = await pair(world)
      for (const odd of ['text', 5, [1, 2], new ArrayBuffer(8), new Uint16Array(2), null, undefined]) {
        const none = odd as unknown as Uint8Array
        assert.throws(() => both.client.connection.write(none), {
          name: 'TypeError',
          message: /write takes a Uint8Array/,
        })
        assert.throws(() => both.client.connection.unread(none), {
          name: 'TypeError',
          message: /unread takes a Uint8Arr/,
        })
      }
      assert.equal(both.client.connection.queued, 0)
      both.client.call((c) => c.write(Buffer.from('a Buffer is one')))
      await both.server.until(() => both.server.received === 15)
      await shut(both)
    },
    'reset',
  )

  scenario(
    'a plain connection has no security to speak of',
    async (world) => {
      const both = await pair(world)
      assert.equal(both.client.connection.security, null)
      assert.equal(both.server.connection.security, null)
      await shut(both)
    },
    'plain',
  )
}
