import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HTTP_LIMITS } from '../limits.ts'
import { checkConditions, etagMatches, formatEtag } from './conditional.ts'
import { formatDate, parseDate } from './date.ts'
import { formatContentRange, frameByteranges, selectRange } from './range.ts'

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
    ['OPTIONS', { 'if-match': '"v0"' }, 'proceed'],
    ['TRACE', { 'if-none-match': '*' }, 'proceed'],
  ]
  for (const [method, fields, expected] of table)
    assert.equal(checkConditions(method, reader(fields), validators, NOW), expected, JSON.stringify([method, fields]))
})

test('what is not there yet matches nothing', () => {
  const check = (fields: Record<string, string>) => checkConditions('PUT', reader(fields), { exists: false }, NOW)
  assert.equal(check({ 'if-none-match': '*' }), 'proceed')
  assert.equal(check({ 'if-match': '*' }), 'failed')
  assert.equal(check({ 'if-match': '"v1"' }), 'failed')
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
  for (const ignored of [
    'bytes=5-4',
    'bytes=-',
    'bytes=a-b',
    'lines=1-2',
    'bytes=0x1-2',
    '',
    'bytes=',
    'bytes=,',
    'bytes=0-1,a',
  ])
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

test('several ranges: in their order, as one where they overlap or nearly touch, and not too many', () => {
  const select = (range: string, size = 10_000, most?: number) => {
    const selection = selectRange(reader({ range }), size, validators, NOW, most === undefined ? {} : { most })
    if (selection.kind === 'parts') return selection.parts.map(({ start, end }) => [start, end])
    return selection.kind === 'part' ? [selection.start, selection.end] : selection.kind
  }
  assert.deepEqual(select('bytes=0-9, 1000-1009'), [
    [0, 10],
    [1000, 1010],
  ])
  assert.deepEqual(select('bytes=-10,0-9,,500-509'), [
    [9990, 10_000],
    [0, 10],
    [500, 510],
  ])
  assert.deepEqual(select('bytes=0-9,50-59'), [0, 60])
  assert.deepEqual(select('bytes=50-59,0-9,2000-2001'), [
    [0, 60],
    [2000, 2002],
  ])
  assert.deepEqual(select('bytes=0-,0-,0-,0-'), [0, 10_000], 'the Apache killer of 2011')
  assert.deepEqual(select('bytes=0-9,20000-'), [0, 10])
  assert.equal(select('bytes=20000-,30000-'), 'unsatisfiable')
  const many = (n: number) => `bytes=${Array.from({ length: n }, (_, i) => `${i * 200}-${i * 200}`).join(',')}`
  assert.equal((select(many(HTTP_LIMITS.ranges)) as unknown[]).length, HTTP_LIMITS.ranges)
  assert.equal(select(many(HTTP_LIMITS.ranges + 1)), 'whole')
  assert.equal(select(many(3), 10_000, 2), 'whole')
})

test('the frame around parts is as long as it says, and reads as multipart', () => {
  const content = 'x'.repeat(300)
  const parts = [
    { start: 0, end: 10 },
    { start: 200, end: 300 },
  ]
  const frame = frameByteranges(parts, 300, 'text/plain', 'b0undary')
  const body = parts.map(({ start, end }, i) => frame.heads[i] + content.slice(start, end)).join('') + frame.end
  assert.equal(body.length, frame.length)
  assert.equal(frame.type, 'multipart/byteranges; boundary=b0undary')
  assert.equal(
    body,
    `--b0undary\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-9/300\r\n\r\n${'x'.repeat(10)}\r\n` +
      `--b0undary\r\nContent-Type: text/plain\r\nContent-Range: bytes 200-299/300\r\n\r\n${'x'.repeat(100)}\r\n--b0undary--\r\n`,
  )
})
