import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkConditions, etagMatches, formatEtag } from './conditional.ts'
import { formatDate, parseDate } from './date.ts'
import { formatContentRange, selectRange } from './range.ts'

const NOW = Date.UTC(2026, 0, 1)
const MODIFIED = Date.UTC(2025, 5, 1) + 500
const validators = { etag: '"v1"', lastModified: MODIFIED }
const reader = (fields: Record<string, string>) => (name: string) => fields[name]

test('preconditions in the order of RFC 9110 §13.2.2', () => {
  const at = formatDate(MODIFIED)
  const before = formatDate(MODIFIED - 1000)
  const table: [string, Record<string, string>, string][] = [
    ['GET', {}, 'proceed'],
    ['GET', { 'if-none-match': '"v0", W/"v1"' }, 'not modified'],
    ['PUT', { 'if-none-match': '*' }, 'failed'],
    ['GET', { 'if-none-match': '"v0"', 'if-modified-since': at }, 'proceed'],
    ['GET', { 'if-modified-since': at }, 'not modified'],
    ['GET', { 'if-modified-since': before }, 'proceed'],
    ['POST', { 'if-modified-since': at }, 'proceed'],
    ['GET', { 'if-modified-since': 'yesterday' }, 'proceed'],
    ['PUT', { 'if-match': '"v1"' }, 'proceed'],
    ['PUT', { 'if-match': 'W/"v1"' }, 'failed'],
    ['PUT', { 'if-match': '"v0"', 'if-unmodified-since': at }, 'failed'],
    ['PUT', { 'if-unmodified-since': before }, 'failed'],
    ['PUT', { 'if-unmodified-since': at }, 'proceed'],
  ]
  for (const [method, fields, expected] of table)
    assert.equal(checkConditions(method, reader(fields), validators, NOW), expected, JSON.stringify([method, fields]))
})

test('entity tags: lists, weakness, junk in linear time', () => {
  assert.equal(formatEtag('a"b\r\n', true), 'W/"ab"')
  assert.equal(etagMatches('"a,b", "c"', '"c"', 'strong'), true)
  assert.equal(etagMatches('junk "c"', '"c"', 'strong'), false)
  for (const junk of ['"'.repeat(65_537), ','.repeat(65_536), ' '.repeat(65_536), 'W/'.repeat(32_768)])
    assert.equal(etagMatches(junk, '"c"', 'weak'), false)
})

test('one range', () => {
  const select = (range: string, more: Record<string, string> = {}) => {
    const selection = selectRange(reader({ range, ...more }), 100, validators, NOW)
    return selection.kind === 'part' ? [selection.start, selection.end] : selection.kind
  }
  assert.deepEqual(select('bytes=0-9'), [0, 10])
  assert.deepEqual(select('bytes=90-'), [90, 100])
  assert.deepEqual(select('bytes=90-1000'), [90, 100])
  assert.deepEqual(select('bytes=-10'), [90, 100])
  assert.deepEqual(select('bytes=-1000'), [0, 100])
  assert.equal(select('bytes=100-'), 'unsatisfiable')
  assert.equal(select('bytes=-0'), 'unsatisfiable')
  for (const ignored of ['bytes=5-4', 'bytes=-', 'bytes=a-b', 'lines=1-2', 'bytes=0-1,3-4', 'bytes=0x1-2', ''])
    assert.equal(select(ignored), 'whole', ignored)
  assert.deepEqual(select('bytes=0-0', { 'if-range': '"v1"' }), [0, 1])
  assert.equal(select('bytes=0-0', { 'if-range': '"v0"' }), 'whole')
  assert.equal(select('bytes=0-0', { 'if-range': 'W/"v1"' }), 'whole')
  assert.deepEqual(select('bytes=0-0', { 'if-range': formatDate(MODIFIED) }), [0, 1])
  assert.equal(formatContentRange({ kind: 'part', start: 0, end: 10 }, 100), 'bytes 0-9/100')
  assert.equal(formatContentRange({ kind: 'unsatisfiable' }, 100), 'bytes */100')
})

test('dates in the three forms', () => {
  const instant = Date.UTC(1994, 10, 6, 8, 49, 37)
  assert.equal(formatDate(instant), 'Sun, 06 Nov 1994 08:49:37 GMT')
  for (const text of ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])
    assert.equal(parseDate(text, NOW), instant, text)
  assert.equal(parseDate('Sunday, 06-Nov-80 08:49:37 GMT', NOW), Date.UTC(1980, 10, 6, 8, 49, 37))
  for (const text of [
    '',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Xxx, 06 Nov 1994 08:49:37 GMT',
  ])
    assert.equal(parseDate(text, NOW), null, text)
})
