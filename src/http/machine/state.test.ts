import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  after,
  BEGINNING,
  describe,
  EXCHANGE_STATES,
  type ExchangeEvent,
  type ExchangeState,
  LIFE,
  type Life,
  type LifeEvent,
  lifeAfter,
  may,
  On,
} from './state.ts'

const EVENTS = Object.keys(On) as ExchangeEvent[]

function follow(...events: ExchangeEvent[]): string {
  return describe(events.reduce<ExchangeState>((state, event) => after(state, On[event]), BEGINNING))
}

test('the lives that there are, as data', () => {
  const table: [ExchangeEvent[], string][] = [
    [['requestAlone', 'replyHead', 'replyEnd'], 'request whole, reply whole, keep, switch no'],
    [['requestHead', 'requestEnd', 'replyHead', 'replyEnd'], 'request whole, reply whole, keep, switch no'],
    // The reply before the body: the connection is kept once the rest has been read.
    [['requestHead', 'replyHead', 'replyEnd'], 'request body, reply whole, keep, switch no'],
    [['requestHead', 'replyHead', 'replyEnd', 'requestEnd'], 'request whole, reply whole, keep, switch no'],
    [['requestHead', 'replyHead', 'replyEnd', 'requestCut'], 'request cut, reply whole, close, switch no'],
    // A reply that closes leaves the rest of the request unread.
    [['requestHead', 'close', 'replyHead', 'replyEnd'], 'request cut, reply whole, close, switch no'],
    [['requestHead', 'replyHead', 'replyEnd', 'close'], 'request cut, reply whole, close, switch no'],
    [['requestHead', 'requestCut', 'replyHead', 'replyEnd'], 'request cut, reply whole, close, switch no'],
    [['requestAlone', 'offer', 'switch'], 'request whole, reply whole, keep, switch made'],
    [['requestAlone', 'offer', 'replyHead'], 'request whole, reply body, keep, switch no'],
    [['requestHead', 'offer', 'requestEnd', 'switch'], 'request whole, reply whole, keep, switch made'],
    [['requestAlone', 'lose'], 'request whole, reply cut, close, switch no'],
    [['requestHead', 'replyHead', 'lose'], 'request cut, reply cut, close, switch no'],
    [['requestHead', 'replyHead', 'replyEnd', 'lose'], 'request cut, reply whole, close, switch no'],
  ]
  for (const [events, expected] of table) assert.equal(follow(...events), expected, events.join(', '))
})

test('what must not happen is refused', () => {
  const table: ExchangeEvent[][] = [
    ['replyHead'],
    ['requestAlone', 'requestEnd'],
    ['requestAlone', 'replyEnd'],
    ['requestAlone', 'replyHead', 'replyHead'],
    ['requestAlone', 'replyHead', 'replyEnd', 'replyHead'],
    ['requestAlone', 'lose', 'replyHead'],
    ['requestAlone', 'switch'],
    ['requestHead', 'offer', 'switch'],
    ['requestAlone', 'offer', 'replyHead', 'switch'],
    ['requestAlone', 'offer', 'switch', 'replyHead'],
    ['requestAlone', 'offer', 'switch', 'close'],
  ]
  for (const events of table) assert.throws(() => follow(...events), /must not happen in/, events.join(', '))
})

test('every state that can be reached keeps the rules', () => {
  assert.equal(EXCHANGE_STATES[0], BEGINNING)
  for (const state of EXCHANGE_STATES) {
    const { request, reply, keep, switching, through, reusable } = state
    const text = describe(state)
    // RFC 9112 §9.3: kept only if both messages were read to their ends.
    if (reusable) assert.deepEqual([request, reply, keep, switching], ['whole', 'whole', 'keep', 'no'], text)
    if (request === 'cut' || reply === 'cut') assert.equal(keep, 'close', text)
    if (switching === 'made') assert.deepEqual([request, reply], ['whole', 'whole'], text)
    if (switching === 'offered') assert.equal(reply, 'awaited', text)
    if (through) assert.equal(may(state, On.replyHead) || may(state, On.replyEnd), false, text)
    for (const event of EVENTS) {
      const next = state.next[On[event]]
      if (next === null) continue
      // Nothing is taken back: neither progress, nor a word that the connection closes, nor a switch.
      const order = ['awaited', 'body', 'whole', 'cut']
      for (const part of ['request', 'reply'] as const)
        if (next![part] !== 'cut')
          assert.ok(order.indexOf(next![part]) >= order.indexOf(state[part]), `${text}: ${event}`)
      if (keep === 'close') assert.equal(next!.keep, 'close', `${text}: ${event}`)
      if (through) assert.equal(next!.through, true, `${text}: ${event}`)
    }
    // From everywhere the end can be reached: by losing the connection if by nothing else.
    assert.equal(after(state, On.lose).through, true, text)
  }
})

test('a connection ends, by every way, and stays ended', () => {
  const events: LifeEvent[] = ['stop', 'end', 'leave', 'drop', 'hand over', 'gone']
  const reached = new Set<Life>(['open'])
  for (const life of reached) {
    for (const event of events) {
      const next = LIFE[life][event]
      if (next === undefined) assert.throws(() => lifeAfter(life, event), /must not happen to a connection that is/)
      else reached.add(lifeAfter(life, event))
    }
    const end = life === 'handed over' ? 'handed over' : 'closed'
    assert.equal(lifeAfter(life, 'gone'), end)
    // Nothing leads back to taking requests.
    if (life !== 'open') for (const next of Object.values(LIFE[life])) assert.notEqual(next, 'open')
  }
  assert.deepEqual([...reached].sort(), Object.keys(LIFE).sort())
})
