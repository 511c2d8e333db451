/** The tables of a stream's life, walked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isOver,
  isReceiving,
  isSending,
  RECEPTION,
  STREAM,
  type StreamEvent,
  type StreamState,
  streamAfter,
} from './stream-state.ts'

const EVENTS: readonly StreamEvent[] = ['open', 'end here', 'end there', 'reset here', 'reset there']

test('every state can be reached, and every event is allowed or refused', () => {
  const reached = new Set<StreamState>()
  const walk = (state: StreamState) => {
    if (reached.has(state)) return
    reached.add(state)
    for (const event of EVENTS) {
      const next = STREAM[state][event]
      if (next === undefined) assert.throws(() => streamAfter(state, event), /must not happen/)
      else {
        assert.equal(streamAfter(state, event), next)
        walk(next)
      }
    }
  }
  walk('idle')
  assert.deepEqual([...reached].sort(), Object.keys(STREAM).sort())
  assert.deepEqual(Object.keys(RECEPTION).sort(), Object.keys(STREAM).sort())
})

test('a side sends until it has ended, whatever the other side does (RFC 9113 §5.1)', () => {
  for (const path of [
    ['open', 'end here', 'end there'],
    ['open', 'end there', 'end here'],
  ] as const) {
    let state: StreamState = 'idle'
    for (const event of path) state = streamAfter(state, event)
    assert.equal(state, 'closed')
  }
  const may = (state: StreamState) => [isSending(state), isReceiving(state), isOver(state)]
  assert.deepEqual(may('open'), [true, true, false])
  assert.deepEqual(may('half local'), [false, true, false])
  assert.deepEqual(may('half remote'), [true, false, false])
  for (const over of ['closed', 'dropped'] as const) assert.deepEqual(may(over), [false, false, true])
})

test('content is taken exactly where the other side may send it', () => {
  for (const [state, of] of Object.entries(RECEPTION)) {
    assert.equal(of.data === 'take', isReceiving(state as StreamState), state)
    if (state !== 'idle') assert.equal(of.headers === 'take', isReceiving(state as StreamState), state)
  }
})
