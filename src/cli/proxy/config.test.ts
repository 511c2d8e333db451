/** The configuration file: what it may say, and what is said of what it may not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Exchange } from '../../http/index.ts'
import { parseListen, readConfig } from './config.ts'
import { parseJsonc, type Value } from './jsonc.ts'
import { logLine } from './log.ts'
import type { DoneRecord } from './routes.ts'

function plain(value: Value): unknown {
  switch (value.kind) {
    case 'object':
      return Object.fromEntries(value.entries.map(({ name, value: held }) => [name, plain(held)]))
    case 'list':
      return value.items.map(plain)
    case 'text':
      return value.text
    case 'number':
      return value.number
    default:
      return value.other
  }
}

function faultsOf(source: string): string[] {
  const read = readConfig(source)
  return 'faults' in read ? read.faults.map(({ line, column, why }) => `${line}:${column} ${why}`) : []
}

test('what JSON.parse takes is read in the same way; with comments and final commas too', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
        const read = parseJsonc(text)
        assert.ok(!('why' in read), text)
        assert.deepEqual(plain(read), JSON.parse(text))
      }
    }),
  )
  const read = parseJsonc('\ufeff// first\n{ /* a */ "a": [1, 2,], // b\n "b": "//no" ,}\n// last')
  assert.ok(!('why' in read))
  assert.deepEqual(plain(read), { a: [1, 2], b: '//no' })
})

test('what is no JSON is pointed at', () => {
  const cases: readonly (readonly [text: string, line: number, column: number, why: RegExp])[] = [
    ['', 1, 1, /the file ends where a value/],
    ['{\n  "a": 1\n', 1, 1, /never closed: } is missing/],
    ['{\n  "a" 1 }', 2, 7, /colon is expected after "a"/],
    ['{ "a": 1 "b": 2 }', 1, 10, /comma or } is expected/],
    ['{ a: 1 }', 1, 3, /name in double quotes/],
    ['{ "a": \'x\' }', 1, 8, /means nothing here: texts are written in double quotes/],
    ['{ "a": yes }', 1, 8, /yes means nothing/],
    ['{ "a": 01 }', 1, 8, /01 means nothing/],
    ['{ "a": "x\n" }', 1, 8, /not closed/],
    ['{ "a": "\\x" }', 1, 8, /backslash/],
    ['{ "a": 1, "a": 2 }', 1, 11, /"a" is here twice/],
    ['{} {}', 1, 4, /goes on after its value/],
    ['/* x', 1, 1, /comment that begins here/],
    ['['.repeat(40), 1, 34, /levels of brackets/],
  ]
  for (const [text, line, column, why] of cases) {
    const read = parseJsonc(text)
    assert.ok('why' in read, text)
    assert.match(read.why, why, text)
    assert.deepEqual([read.line, read.column], [line, column], text)
  }
})

test('a file is checked as a whole, each fault with its place and what to do', () => {
  assert.deepEqual(faultsOf('{ "routes": [{ "to": "http://127.0.0.1:3000" }] }'), [])
  const source = `{
  "listn": 1,
  "listen": "localhost:80",
  "trust": ["10.0.0.1/8"],
  "routes": [
    { "to": "ftp://x", "helth": {}, "balance": "least request" },
    { "to": "http://a", "redirect": "/y" },
    { "to": [{ "weight": 1 }], "health": { "every": 5 }, "ejection": { "failures": -1 } },
    { "balance": { "hash": "cookie" }, "respond": "x", "status": 999 },
    {}
  ]
}`
  const expected: readonly (readonly [line: number, why: RegExp])[] = [
    [2, /^3 there is no "listn" \(did you mean 'listen'\?\)$/],
    [3, /^13 a place to listen at, .* not "localhost:80"$/],
    [4, /^12 .*10.0.0.1\/8 has bits set beyond/],
    [6, /^13 a URL like .* not "ftp:\/\/x"$/],
    [6, /^24 there is no "helth" \(did you mean 'health'\?\)$/],
    [6, /^48 .* not "least request" \(did you mean 'least requests'\?\)$/],
    [7, /^5 a route has one of "to", "redirect" and "respond"$/],
    [8, /^14 an upstream needs its "url"$/],
    [8, /^53 a time like "500ms", "5s" or "2m" is expected, not 5$/],
    [8, /^84 a whole number from 0 to 1000000000 is expected, not -1$/],
    [9, /^18 the cookie needs its "name"$/],
    [9, /^66 a whole number from 100 to 599 is expected, not 999$/],
    [10, /^5 a route needs "to" \(upstreams\), "redirect" or "respond"$/],
  ]
  const found = faultsOf(source)
  for (const [i, [line, why]] of expected.entries())
    assert.match(found[i] ?? 'nothing', new RegExp(`^${line}:${why.source.slice(1)}`))
  assert.equal(found.length, expected.length, found.join('\n'))
  assert.match(faultsOf('{}')[0]!, /"routes" \(a reverse proxy\) or "forward"/)
  assert.match(faultsOf('{ "routes": [{ "respond": "x" }], "forward": {} }')[0]!, /"routes" or "forward"/)
  assert.match(faultsOf('{ "forward": { "users": { "ada": "plain" } } }')[0]!, /a hash as hashPassword\(\) makes it/)
})

test('places to listen at', () => {
  assert.deepEqual(parseListen('8080'), { address: '127.0.0.1', port: 8080 })
  assert.deepEqual(parseListen('0.0.0.0:80'), { address: '0.0.0.0', port: 80 })
  assert.deepEqual(parseListen('[::1]:80'), { address: '::1', port: 80 })
  assert.deepEqual(parseListen('unix:/run/a.sock'), { path: '/run/a.sock' })
  for (const bad of ['', 'x', '80a', '65536', '::1:80', 'localhost:80', '10.0.0.1', 'unix:a', ':80'])
    assert.equal(parseListen(bad), null, bad)
})

test('a line of the log cannot be forged by what a client sends', () => {
  const exchange = {
    method: 'GET',
    target: '/a"\\\n\xe9',
    version: 'HTTP/1.1',
    authority: 'a.example',
    remote: { address: '203.0.113.9', port: 1 },
  } as unknown as Exchange
  const record: DoneRecord = {
    exchange,
    status: 200,
    requestBytes: 0,
    responseBytes: 12,
    failure: null,
    gone: false,
    nanos: 1_234_567,
    upstream: 'http://10.0.0.7:80',
  }
  assert.equal(
    logLine('common', record, 971_186_136_000),
    '203.0.113.9 - - [10/Oct/2000:13:55:36 +0000] "GET /a\\x22\\x5c\\x0a\\xe9 HTTP/1.1" 200 12 http://10.0.0.7:80 1.23ms\n',
  )
  const json = JSON.parse(logLine('json', { ...record, status: 0, gone: true }, 0))
  assert.deepEqual(
    [json.status, json.target, json.upstream, json.millis],
    [499, '/a"\\\n\xe9', 'http://10.0.0.7:80', 1.23],
  )
  assert.equal(logLine('none', record, 0), '')
})
