import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHeld, mayReply, STREAM_PHASES, type StreamEvent, type StreamPhase } from './phase.ts'

const PHASES = Object.keys(STREAM_PHASES) as StreamPhase[]
const EVENTS = Object.keys(STREAM_PHASES.open) as StreamEvent[]

test('the life of a connection, as data', () => {
  const table: [StreamEvent[], StreamPhase][] = [
    [['full'], 'held'],
    [['full', 'drained'], 'open'],
    [['full', 'end'], 'last held'],
    [['full', 'end', 'drained'], 'last'],
    [['end', 'full', 'drained', 'close'], 'closing'],
    [['close', 'drained'], 'closing'],
    [['end', 'close', 'lost'], 'gone'],
  ]
  for (const [events, expected] of table)
    assert.equal(
      events.reduce<StreamPhase>((phase, event) => STREAM_PHASES[phase][event], 'open'),
      expected,
      events.join(', '),
    )
})

test('from every phase the end can be reached, and nothing comes back from it', () => {
  const never = (from: StreamPhase, wrong: (to: StreamPhase) => boolean) =>
    assert.ok(!EVENTS.some((event) => wrong(STREAM_PHASES[from][event])), from)
  for (const phase of PHASES) {
    assert.equal(STREAM_PHASES[phase].lost, 'gone')
    if (!mayReply(phase)) never(phase, mayReply)
    if (phase === 'last' || phase === 'last held') never(phase, (to) => to === 'open' || to === 'held')
    assert.ok(!isHeld(STREAM_PHASES[phase].drained))
  }
})
