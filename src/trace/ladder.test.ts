import assert from 'node:assert/strict'
import test from 'node:test'
import { ladder, type Row } from './ladder.ts'

const draw = (rows: Row[], spacing = 40): string[] =>
  ladder(rows, {
    lanes: [{ host: 'laptop', detail: '192.0.2.1' }, { host: 'web' }],
    spacing,
    zero: 0,
    columns: 100,
    paint: (_style, text) => text,
  })

test('an arrow goes from lane to lane with its label inside and both true times', () => {
  const [names, details, line] = draw([
    { kind: 'arrow', from: 'laptop', to: 'web', departs: 1_500_000, arrives: 13_250_000, label: 'SYN seq 0' },
  ])
  assert.match(names!, /^ {7}sent {2}laptop +web {2}arrived$/)
  assert.match(details!, /^ {9}ms {2}192\.0\.2\.1 +ms$/)
  assert.match(line!, /^ {6}1\.500 {2}├─ SYN seq 0 ─+▶ {5}13\.250$/)
  assert.equal(names!.indexOf('web'), line!.indexOf('▶'))
})

test('an arrow back points the other way', () => {
  const line = draw([{ kind: 'arrow', from: 'web', to: 'laptop', departs: 0, arrives: 1e6, label: 'ACK' }])[2]!
  assert.match(line, /◀─+ ACK ─+┤|◀─ ACK ─+┤/)
})

test('a lost packet stops on the way and says why', () => {
  const line = draw([
    { kind: 'arrow', from: 'laptop', to: 'web', departs: 0, arrives: null, lost: '✗ loss on a--b', label: 'SYN' },
  ])[2]!
  assert.match(line, /├─ SYN ─+✗ +│ ✗ loss on a--b$/)
})

test('a label too long for its arrow stands behind it, whole', () => {
  const label = 'x'.repeat(60)
  const line = draw([{ kind: 'arrow', from: 'laptop', to: 'web', departs: 0, arrives: 1, label }])[2]!
  assert.ok(line.endsWith(`  ${label}`))
})

test('a note that would pass the edge stands left of its lane', () => {
  const line = draw([{ kind: 'note', at: 0, host: 'web', text: 'x'.repeat(50) }], 70)[2]!
  assert.match(line, /^ {6}0\.000 {2}│ {18}x{50} ●$/)
})

test('a note stands at its host', () => {
  const line = draw([{ kind: 'note', at: 2e6, host: 'web', text: 'SYN-RECEIVED' }])[2]!
  assert.match(line, /^ {6}2\.000 {2}│ {39}● SYN-RECEIVED$/)
})
