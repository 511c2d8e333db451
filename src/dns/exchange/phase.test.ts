import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isUsable, UPSTREAM_PHASES, type UpstreamEvent, type UpstreamPhase } from './phase.ts'

test('the life of a connection to a server, as data', () => {
  const table: [UpstreamEvent[], UpstreamPhase][] = [
    [['ask', 'settle'], 'idle'],
    [['ask', 'settle', 'ask'], 'busy'],
    [['ask', 'retire', 'settle'], 'retired'],
    [['ask', 'retire', 'ask'], 'retired'],
    [['ask', 'settle', 'lose'], 'gone'],
    [['ask', 'retire', 'lose'], 'gone'],
  ]
  for (const [events, expected] of table)
    assert.equal(
      events.reduce<UpstreamPhase>((phase, event) => UPSTREAM_PHASES[phase][event], 'busy'),
      expected,
      events.join(', '),
    )
})

test('what has been retired or lost is never usable again, and every connection can be lost', () => {
  for (const [phase, next] of Object.entries(UPSTREAM_PHASES)) {
    assert.equal(next.lose, 'gone')
    if (isUsable(phase as UpstreamPhase)) continue
    for (const to of Object.values(next)) assert.ok(!isUsable(to), `${phase} → ${to}`)
  }
})
