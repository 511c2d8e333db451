import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stepsOf } from '../../../test/work.ts'
import { chooseCharset, chooseCoding, chooseLanguage, chooseType, parseWeighted } from './negotiation.ts'

test('media types: weight before order, the closest range says the weight', () => {
  const offers = ['text/html', 'application/json', 'text/plain;format=flowed', 'image/png']
  const table: [string | undefined, string | null][] = [
    [undefined, 'text/html'],
    ['*/*', 'text/html'],
    ['application/json', 'application/json'],
    ['APPLICATION/JSON; Q=0.3, text/html;q=0.2', 'application/json'],
    ['text/*;q=0.5, application/json;q=0.4', 'text/html'],
    ['text/*, text/html;q=0', 'text/plain;format=flowed'],
    ['text/html;q=0, */*;q=0.1', 'application/json'],
    ['text/plain;format=flowed, text/plain;q=0.1, text/html;q=0.5', 'text/plain;format=flowed'],
    ['text/plain;format=fixed', null],
    ['audio/*', null],
    ['*/*;q=0', null],
    ['', null],
    ['text/html;q=1.5, image/png;q=0.001', 'image/png'],
    ['text/html;q=abc', null],
    ['text/html;q=0.1234, application/json;q=1.000', 'application/json'],
    ['text/html;level="a,b";q=0.9, application/json;q=0.8', 'application/json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', 'text/html'],
  ]
  for (const [accept, expected] of table) assert.equal(chooseType(accept, offers), expected, String(accept))
  assert.equal(chooseType('*/*', []), null)
  assert.equal(chooseType('*/*', ['nonsense']), null)
})

test('languages: wider and narrower, the closest counts', () => {
  const offers = ['en', 'de-CH', 'fr', 'zh-Hant-TW']
  const table: [string | undefined, string | null][] = [
    [undefined, 'en'],
    ['de', 'de-CH'],
    ['de-CH', 'de-CH'],
    ['fr-CA, en;q=0.8', 'fr'],
    ['de-AT, en;q=0.5', 'en'],
    ['zh-Hant', 'zh-Hant-TW'],
    ['zh-Hans', null],
    ['EN-us;q=0.9, *;q=0.1', 'en'],
    ['en;q=0, *', 'de-CH'],
    ['d', null],
    ['es', null],
    ['es, *;q=0.5', 'en'],
  ]
  for (const [field, expected] of table) assert.equal(chooseLanguage(field, offers), expected, String(field))
})

test('charsets and codings', () => {
  assert.equal(chooseCharset('iso-8859-1, utf-8;q=0.9', ['utf-8', 'iso-8859-1']), 'iso-8859-1')
  assert.equal(chooseCharset('koi8-r', ['utf-8']), null)
  const codings = ['zstd', 'br', 'gzip'] as const
  const table: [string | undefined, string | null][] = [
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['*', 'zstd'],
    ['br;q=0, *;q=0.1', 'zstd'],
    ['gzip;q=0', 'identity'],
    ['compress', 'identity'],
    ['compress, identity;q=0', null],
    ['*;q=0', null],
    ['*;q=0, identity', 'identity'],
    ['identity;q=0, gzip;q=0.1', 'gzip'],
  ]
  for (const [field, expected] of table) assert.equal(chooseCoding(field, codings), expected, String(field))
})

test('hostile Accept fields cost in proportion to their length, and choose nothing', () => {
  const hostile = (n: number) => [
    ','.repeat(n),
    ';'.repeat(n),
    '"'.repeat(n + 1),
    'a/b;q='.repeat(n),
    '*/*;q=0,'.repeat(n),
    `a/b;${'q=0;'.repeat(n)}`,
    ' '.repeat(n),
    '\\"'.repeat(n),
  ]
  for (const text of hostile(500)) chooseType(text, ['text/html'])
  for (const [i, text] of hostile(8_000).entries()) {
    const half = stepsOf(() => void chooseType(hostile(4_000)[i], ['text/html']))
    const whole = stepsOf(() => assert.equal(chooseType(text, ['text/html']), null))
    assert.ok(whole < half * 2.6 + 2_000, `case ${i}: ${half} steps became ${whole}`)
  }
  assert.deepEqual(
    parseWeighted('__proto__;q=0.5').map(({ value, weight }) => [value, weight]),
    [['__proto__', 0.5]],
  )
})
