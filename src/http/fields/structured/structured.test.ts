import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rewritten } from '../../../../test/conformance/structured-fields/run.ts'
import { stepsOf } from '../../../../test/work.ts'
import { Fault } from '../../../base/fault.ts'
import { HttpMisuse } from '../../errors.ts'
import { HTTP_LIMITS } from '../../limits.ts'
import { formatStructuredDictionary, formatStructuredItem } from './format.ts'
import type { BareItem } from './values.ts'

const LIMIT = { members: HTTP_LIMITS.structuredMembers, parameters: HTTP_LIMITS.structuredParameters }

test('what RFC 9651 wants supported is read, more is refused', () => {
  const members = (many: number) => Array.from({ length: many }, (_, i) => `a${i}`)
  const parameters = (many: number) =>
    `a${members(many)
      .map((name) => `;${name}`)
      .join('')}`
  assert.equal(rewritten('list', members(LIMIT.members).join(', ')), members(LIMIT.members).join(', '))
  assert.equal(rewritten('dictionary', members(LIMIT.members).join(', ')), members(LIMIT.members).join(', '))
  assert.equal(rewritten('list', `(${members(LIMIT.members).join(' ')})`), `(${members(LIMIT.members).join(' ')})`)
  assert.equal(rewritten('item', parameters(LIMIT.parameters)), parameters(LIMIT.parameters))
  assert.ok(rewritten('list', members(LIMIT.members + 1).join(',')) instanceof Fault)
  assert.ok(rewritten('dictionary', members(LIMIT.members + 1).join(',')) instanceof Fault)
  assert.ok(rewritten('list', `(${members(LIMIT.members + 1).join(' ')})`) instanceof Fault)
  assert.ok(rewritten('item', parameters(LIMIT.parameters + 1)) instanceof Fault)
})

test('the work is in proportion to the length, whatever the text', () => {
  const hostile = (n: number): string[] => [
    `"${'\\'.repeat(n)}"`,
    `%"${'%c3%bc'.repeat(n)}"`,
    `:${'A'.repeat(4 * n)}:`,
    `a${';a=1'.repeat(n)}`,
    '('.repeat(n),
    `${' '.repeat(n)}1${' '.repeat(n)}`,
    `${'a,'.repeat(500)}${'a'.repeat(n)}`,
    '%'.repeat(n),
    ':'.repeat(n),
    '"'.repeat(n),
  ]
  // What runs for the first time is not counted whole.
  for (const text of hostile(2_000)) rewritten('list', text)
  for (const [i, text] of hostile(4_000).entries()) {
    const half = stepsOf(() => void rewritten('list', hostile(2_000)[i]!))
    const whole = stepsOf(() => void rewritten('list', text))
    assert.ok(whole < half * 2.6 + 2_000, `case ${i}: ${half} steps became ${whole}`)
  }
})

test('what has no text is refused where it is written', () => {
  const none = new Map<string, BareItem>()
  const bad: BareItem[] = [
    { type: 'integer', value: 1e15 },
    { type: 'integer', value: 1.5 },
    { type: 'integer', value: Number.NaN },
    { type: 'decimal', value: 1e12 },
    { type: 'decimal', value: Number.POSITIVE_INFINITY },
    { type: 'string', value: 'a\r\nSet-Cookie: x' },
    { type: 'string', value: 'ü' },
    { type: 'token', value: 'a b' },
    { type: 'token', value: '' },
    { type: 'token', value: 'a\n' },
    { type: 'display', value: '\ud800' },
    { type: 'date', value: 0.5 },
  ]
  for (const item of bad)
    assert.throws(() => formatStructuredItem({ item, parameters: none }), HttpMisuse, JSON.stringify(item))
  const one = { item: { type: 'integer', value: 1 } as const, parameters: none }
  for (const name of ['', 'A', '1', 'a b', 'a\r\nb', '\u0161'])
    assert.throws(() => formatStructuredDictionary(new Map([[name, one]])), HttpMisuse, JSON.stringify(name))
})
