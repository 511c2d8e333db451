import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HTTP_LIMITS } from '../limits.ts'
import { formatQuery, parseQuery } from './query.ts'

test('names and values in order, plus and percent decoded, junk kept', () => {
  const query = parseQuery('a=1&b=x+y%20z&a=2&c&=d&&%zz=%4&e=f=g')
  assert.deepEqual(
    [...query],
    [
      ['a', '1'],
      ['b', 'x y z'],
      ['a', '2'],
      ['c', ''],
      ['', 'd'],
      ['%zz', '%4'],
      ['e', 'f=g'],
    ],
  )
  assert.deepEqual(query.all('a'), ['1', '2'])
  assert.equal(query.get('none'), undefined)
})

test('charsets', () => {
  assert.equal(parseQuery('n=%C3%BC').get('n'), 'ü')
  assert.equal(parseQuery('n=ü').get('n'), 'ü')
  assert.equal(parseQuery('n=%FC%80', { charset: 'iso-8859-1' }).get('n'), 'ü\u0080')
  assert.equal(parseQuery('n=%FC').get('n'), '\ufffd')
  assert.equal(formatQuery([['n', 'ü €']]), 'n=%C3%BC+%E2%82%AC')
  assert.equal(formatQuery([['n', 'ü']], 'iso-8859-1'), 'n=%FC')
  assert.throws(() => formatQuery([['n', '€']], 'iso-8859-1'), /U\+20AC at index 0 is not in iso-8859-1/)
})

test('no name is special', () => {
  const query = parseQuery('__proto__=1&constructor=2&toString=3')
  assert.equal(query.get('__proto__'), '1')
  assert.equal(query.get('constructor'), '2')
  assert.equal(query.get('hasOwnProperty'), undefined)
})

test('past the cap parameters are left out, and it says so', () => {
  const text = Array.from({ length: HTTP_LIMITS.queryCount + 1 }, (_, i) => `k${i}=`).join('&')
  const query = parseQuery(text)
  assert.equal(query.size, HTTP_LIMITS.queryCount)
  assert.equal(query.overflow, true)
  assert.equal(parseQuery('a&b', { most: 2 }).overflow, false)
})

test('parse inverts format; anything can be parsed; both as URLSearchParams does it', () => {
  const pairs = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), { maxLength: 6 })
  fc.assert(
    fc.property(pairs, (list) => {
      const wellFormed = list.map(([n, v]) => [n.toWellFormed(), v.toWellFormed()] as [string, string])
      const text = formatQuery(wellFormed)
      assert.equal(text, new URLSearchParams(wellFormed).toString())
      assert.deepEqual(
        [...parseQuery(text)].map((p) => [...p]),
        wellFormed,
      )
    }),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '%', '4', 'C', '3', '&', '=', '+', '\0') }), (text) => {
      // A leading question mark is URLSearchParams' own.
      assert.deepEqual(
        [...parseQuery(text)].map((p) => [...p]),
        [...new URLSearchParams(text)],
      )
    }),
    { numRuns: 300 },
  )
})
