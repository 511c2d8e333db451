import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordingLog } from '../../base/events.ts'
import type { TcpStateEvent } from '../events.ts'
import { Timers } from '../timers.ts'
import { Life } from './life.ts'
import { type Cause, NEEDS_RESET, type TcpState, TRANSITIONS } from './state.ts'

const CAUSES: readonly Cause[] = ['active open', 'passive open', 'syn', 'ack', 'close', 'fin', 'timeout']
const STATES = Object.keys(TRANSITIONS) as TcpState[]

/** The shortest way into a state. */
function wayTo(state: TcpState): readonly Cause[] {
  const ways: Cause[][] = [[]]
  for (const way of ways) {
    const life = walk(way)
    if (life.state === state) return way
    for (const cause of CAUSES) if (TRANSITIONS[life.state][cause] !== undefined) ways.push([...way, cause])
  }
  throw new Error(`no way leads to ${state}`)
}

function walk(way: readonly Cause[], told: string[] = [], log = new RecordingLog()): Life {
  const owner = {
    onState: (from: TcpState, to: TcpState) => void told.push(`${from} → ${to}`),
    onClosed: (error: string | null) => void told.push(`closed ${error}`),
  }
  const life = new Life(owner, { log, host: 'h', connection: 'c' }, new Timers())
  for (const cause of way) assert.ok(life.move(cause, 0))
  return life
}

test('RFC 9293 §3.3.2, Figure 5: every arrow of the table is walked, what is not there changes nothing', () => {
  for (const state of STATES)
    for (const cause of CAUSES) {
      const life = walk(wayTo(state))
      const to = TRANSITIONS[state][cause]
      assert.equal(life.move(cause, 0), to !== undefined, `${state} on ${cause}`)
      assert.equal(life.state, to ?? state)
    }
})

test('the diagram of the RFC, as the ways through it', () => {
  const way = (...causes: Cause[]) => walk(causes).state
  assert.equal(way('active open', 'ack', 'close', 'ack', 'fin'), 'TIME-WAIT') // Figure 12, left
  assert.equal(way('passive open', 'ack', 'fin', 'close', 'ack'), 'CLOSED') // Figure 12, right
  assert.equal(way('active open', 'ack', 'close', 'fin', 'ack'), 'TIME-WAIT') // Figure 13
  assert.equal(way('active open', 'syn', 'ack'), 'ESTABLISHED') // Figure 7
})

test('from every state an end leads to CLOSED, and is told once, after the states', () => {
  for (const state of STATES) {
    if (state === 'CLOSED') continue
    const told: string[] = []
    const life = walk(wayTo(state), told)
    life.end('ECONNRESET', 'rst', 0)
    life.end(null, 'again', 0)
    life.tell()
    life.tell()
    assert.deepEqual(told.slice(-2), [`${state} → CLOSED`, 'closed ECONNRESET'])
    assert.equal(told.length, wayTo(state).length + 2)
  }
})

test('events name what caused each step; a passive open comes out of LISTEN', () => {
  const log = new RecordingLog()
  walk(['passive open', 'ack', 'fin'], [], log)
  const events = log.events as TcpStateEvent[]
  assert.deepEqual(
    events.map(({ from, to, why }) => `${from} ${to} ${why}`),
    ['LISTEN SYN-RECEIVED passive open', 'SYN-RECEIVED ESTABLISHED ack', 'ESTABLISHED CLOSE-WAIT fin'],
  )
})

test('RFC 9293 §3.10.5: an abort tells the peer in the states in which it has a connection', () => {
  for (const state of ['CLOSED', 'SYN-SENT', 'CLOSING', 'LAST-ACK', 'TIME-WAIT'] as const)
    assert.ok(!NEEDS_RESET.has(state))
  assert.equal(NEEDS_RESET.size, 5)
})
