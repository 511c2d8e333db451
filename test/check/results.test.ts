import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparison, nameOf, parseLines } from '../../bench/results.ts'

test('a run is held against what was kept, figure by figure', () => {
  const before = parseLines(
    [
      '{"bench":"http","name":"a : c","ours":9,"ratio":1.2,"connections":16}',
      '{"bench":"http","name":"gone","ours":1}',
    ].join('\n'),
  )
  const now = parseLines(
    [
      'not a line',
      '{"bench":"http","name":"a : c","ours":4,"ratio":0.6,"connections":16}',
      '{"bench":"http","name":"new","ours":2}',
    ].join('\n'),
  )
  assert.equal(nameOf(now[0]!), 'a : c, connections 16')
  const [, same, added, missing, ...more] = comparison(now, before).map((row) => row.split(/ {2,}/))
  // A ratio to a peer of the same run counts before the figure itself.
  assert.deepEqual(same, ['a : c, connections 16', '0.600', '1.20', '0.50'])
  assert.deepEqual(added, ['new', '2.00', 'not kept'])
  assert.deepEqual(missing, ['gone', 'not run'])
  assert.deepEqual(more, [])
})
