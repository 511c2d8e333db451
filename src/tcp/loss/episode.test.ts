import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seq } from '../../wire/sequence.ts'
import { Episode, PHASES, type RecoveryPhase } from './episode.ts'

/** What leads to each phase from the beginning. */
const INTO: Readonly<Record<RecoveryPhase, (episode: Episode) => void>> = {
  open: () => {},
  disorder: (episode) => episode.duplicate(),
  recovery: (episode) => episode.begin(seq(1000)),
  loss: (episode) => episode.timeout(seq(1000)),
}

function at(phase: RecoveryPhase): Episode {
  const episode = new Episode(seq(1))
  INTO[phase](episode)
  assert.equal(episode.phase, phase)
  return episode
}

test('every arrow of the table of phases is walked', () => {
  for (const phase of Object.keys(PHASES) as RecoveryPhase[]) {
    const arrows = PHASES[phase]
    const after = (act: (episode: Episode) => void) => {
      const episode = at(phase)
      act(episode)
      return episode.phase
    }
    assert.equal(
      after((episode) => episode.duplicate()),
      arrows.doubt ?? phase,
    )
    assert.equal(
      after((episode) => episode.begin(seq(2000))),
      arrows.lost ?? phase,
    )
    assert.equal(
      after((episode) => episode.timeout(seq(2000))),
      arrows.timeout ?? phase,
    )
    assert.equal(
      after((episode) => episode.advance(seq(1000))),
      arrows.through ?? phase,
    )
  }
})

test('an ACK for a part of what was out then ends neither a recovery nor the time after a time-out', () => {
  for (const phase of ['recovery', 'loss'] as const) {
    const episode = at(phase)
    episode.advance(seq(999))
    assert.equal(episode.phase, phase)
  }
})

test('disorder ends with any progress', () => {
  const episode = at('disorder')
  episode.advance(seq(2))
  assert.deepEqual([episode.phase, episode.dupAcks], ['open', 0])
})
