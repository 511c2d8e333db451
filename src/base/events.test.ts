import assert from 'node:assert/strict'
import test from 'node:test'
import { type Event, RecordingLog, silent, tee } from './events.ts'

const event = (at: number): Event => ({ type: 'test.tick', at, host: 'a' })

test('a recording log keeps what came last, and counts what it gave up', () => {
  const log = new RecordingLog(10)
  for (let i = 0; i < 25; i++) log.emit(event(i))
  assert.ok(log.events.length <= 10)
  assert.equal(log.events.at(-1)!.at, 24)
  assert.equal(log.events.length + log.dropped, 25)
})

test('a tee passes on to those who listen, and is silent when nobody does', () => {
  const a = new RecordingLog()
  const b = new RecordingLog()
  tee(a, silent, b).emit(event(1))
  assert.deepEqual([a.events.length, b.events.length], [1, 1])
  assert.equal(tee(silent).on, false)
})
