import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Closable, clientOf, StreamTable } from './streams.ts'

class Fake implements Closable {
  isIdle = true
  closed = false

  close(): void {
    this.closed = true
  }
}

function filled(limits: { streams: number; streamsPerClient: number }, clients: readonly string[]) {
  const table = new StreamTable<Fake>(limits)
  const streams = clients.map((client) => {
    assert.ok(table.makeRoom(client))
    const stream = new Fake()
    table.add(stream, client)
    return stream
  })
  return { table, streams }
}

const closed = (streams: readonly Fake[]) => streams.flatMap((stream, i) => (stream.closed ? [i] : []))

test('the one whose last query is longest ago makes room; one that is being answered does not', () => {
  const { table, streams } = filled({ streams: 3, streamsPerClient: 3 }, ['a', 'b', 'c'])
  table.touch(streams[0]!)
  streams[1]!.isIdle = false
  assert.ok(table.makeRoom('d'))
  assert.deepEqual(closed(streams), [2])
  table.add(new Fake(), 'd')
  assert.ok(table.makeRoom('d'))
  assert.deepEqual(closed(streams), [0, 2])
})

test('a client that has its share pays for one more itself', () => {
  const { table, streams } = filled({ streams: 9, streamsPerClient: 2 }, ['a', 'b', 'a'])
  assert.ok(table.makeRoom('a'))
  assert.deepEqual(closed(streams), [0])
  for (const stream of streams) stream.isIdle = false
  table.add(Object.assign(new Fake(), { isIdle: false }), 'a')
  assert.equal(table.makeRoom('a'), false)
  assert.equal(table.makeRoom('c'), true)
})

test('no order of events lets the table grow past its limits, or lose a place', () => {
  const event = fc.tuple(fc.constantFrom('open', 'query', 'busy', 'idle', 'gone'), fc.nat(5), fc.nat(20))
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const table = new StreamTable<Fake>({ streams: 6, streamsPerClient: 3 })
      const open = new Map<Fake, string>()
      for (const [what, client, which] of events) {
        const stream = [...open.keys()][which]
        if (what === 'open') {
          if (table.makeRoom(`${client}`)) {
            const fresh = new Fake()
            table.add(fresh, `${client}`)
            open.set(fresh, `${client}`)
          }
        } else if (stream === undefined) continue
        else if (what === 'query') table.touch(stream)
        else if (what === 'gone') {
          table.remove(stream)
          open.delete(stream)
        } else stream.isIdle = what === 'idle'
        for (const each of open.keys()) if (each.closed) open.delete(each)
        assert.equal(table.size, open.size)
        assert.ok(open.size <= 6)
        for (const each of open.values()) assert.ok([...open.values()].filter((other) => other === each).length <= 3)
      }
    }),
    { numRuns: 300 },
  )
})

test('who counts as one client', () => {
  const at = (address: string) => clientOf({ address, port: 1 })
  assert.notEqual(at('192.0.2.1'), at('192.0.2.2'))
  assert.equal(at('2001:db8:0:1::1'), at('2001:db8:0:1:ffff::2'))
  assert.notEqual(at('2001:db8:0:1::1'), at('2001:db8:0:2::1'))
  assert.equal(at('fe80::1%eth0'), at('fe80::2%eth0'))
  assert.notEqual(at('::ffff:192.0.2.1'), at('::ffff:192.0.2.2'))
  assert.equal(at('::ffff:192.0.2.1'), at('192.0.2.1'))
})
