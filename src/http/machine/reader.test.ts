import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '../limits.ts'
import { latin1 } from './latin1.ts'
import { Reader } from './reader.ts'

/** A reader whose events are lines, and that does as `during` says in each. */
function reading(kind: 'request' | 'response', during: (event: string, reader: Reader) => void = () => {}) {
  const events: string[] = []
  const note = (event: string) => {
    events.push(event)
    during(event, reader)
  }
  const reader: Reader = new Reader(
    kind,
    {
      onHead: (head, framing) =>
        note(
          `head ${head.status || head.method} ${framing.kind} ${framing.length}${framing.persistent ? '' : ' closes'}`,
        ),
      onBody: (bytes) => note(`body ${latin1(bytes)}`),
      onMessageEnd: (trailers) => note(`end ${trailers.join(' ')}`.trim()),
      onRefused: (verdict) => note(`refused ${verdict.status} ${verdict}`),
    },
    LIMITS,
  )
  return { reader, events, feed: (text: string) => reader.feed(Buffer.from(text, 'latin1')) }
}

const OK = 'HTTP/1.1 200 OK\r\n'

test('how long a response is depends on its request and its status', () => {
  const table: [method: string, response: string, ...events: string[]][] = [
    ['GET', `${OK}Content-Length: 2\r\n\r\nab`, 'head 200 sized 2', 'body ab', 'end'],
    ['HEAD', `${OK}Content-Length: 2\r\n\r\n`, 'head 200 none 0', 'end'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', 'head 204 none 0', 'end'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n', 'head 304 none 0', 'end'],
    ['CONNECT', `${OK}\r\nraw`, 'head 200 tunnel 0'],
    ['CONNECT', 'HTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\nx', 'head 403 sized 1', 'body x', 'end'],
    ['GET', `${OK}\r\nuntil`, 'head 200 until close -1 closes', 'body until'],
    [
      'GET',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
      'head 100 none 0',
      'head 200 none 0',
      'end',
    ],
    ['GET', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', 'head 200 none 0 closes', 'end'],
    ['GET', 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n', 'head 200 none 0', 'end'],
    [
      'GET',
      `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n`,
      'head 200 chunked -1',
      'body a',
      'end X y',
    ],
    ['GET', `${OK}Content-Length: 1, 1\r\n\r\n`, 'refused 502 Content-Length is not a decimal number at byte 17'],
    ['HEAD', `${OK}Content-Length: x\r\n\r\n`, 'refused 502 Content-Length is not a decimal number at byte 17'],
  ]
  for (const [method, response, ...expected] of table) {
    const { reader, events, feed } = reading('response')
    reader.expect(method)
    feed(response)
    assert.deepEqual(events, expected, response)
  }
})

test('the end of the connection ends a body without a length, and cuts everything else', () => {
  const open = reading('response')
  open.reader.expect('GET')
  open.feed(`${OK}\r\nx`)
  assert.equal(open.reader.end(), true)
  assert.equal(open.events.at(-1), 'end')
  for (const cut of [`${OK}Content-Length: 5\r\n\r\nx`, OK, `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n`]) {
    const { reader, feed } = reading('response')
    feed(cut)
    assert.equal(reader.end(), false, cut)
  }
  assert.equal(reading('response').reader.end(), true)
})

test('a pause holds after the present event, for bytes that have come and those that still come', () => {
  const paused = reading('request', (event, reader) => {
    if (event.startsWith('head') || event === 'body abc') reader.pause()
  })
  paused.feed('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc')
  assert.deepEqual(paused.events, ['head POST sized 6'])
  paused.reader.resume()
  assert.deepEqual(paused.events.slice(1), ['body abc'])
  paused.feed('def')
  paused.feed('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.equal(paused.events.length, 2)
  assert.equal(paused.reader.unread, 30)
  paused.reader.resume()
  assert.deepEqual(paused.events.slice(2), ['body def', 'end', 'head GET none 0', 'end'])
  assert.equal(paused.reader.unread, 0)
})

test('a tunnel, an upgrade taken over and a refusal leave the rest unread', () => {
  const tunnel = reading('request')
  tunnel.feed('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nfirst')
  tunnel.feed(' second')
  assert.deepEqual(tunnel.events, ['head CONNECT tunnel 0'])
  assert.equal(latin1(tunnel.reader.rest()), 'first second')
  const upgrade = reading('request', (_, reader) => reader.close())
  upgrade.feed('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw')
  assert.deepEqual(upgrade.events, ['head GET none 0'])
  assert.equal(latin1(upgrade.reader.rest()), 'raw')
  const refused = reading('request')
  refused.feed('BAD\r\n\r\n')
  refused.feed('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.equal(refused.events.length, 1)
})

test('verdicts say what and where, and the first fault in byte order wins', () => {
  const table: [string, string][] = [
    ['GET / HTTP/1.1\r\nHost: a\nX : y\r\n\r\n', 'refused 400 bare LF at byte 23'],
    ['GET / HTTP/1.1\r\nX : y\r\nHost: a\n', 'refused 400 space before the colon of a field at byte 17'],
    ['GET / HTTP/3.0\r\n', 'refused 505 HTTP/3.0 is not spoken here at byte 11'],
    ['GET /\0', 'refused 400 NUL at byte 5'],
    [`GET /${'a'.repeat(9000)}`, 'refused 414 the request line is longer than 8192 bytes at byte 8192'],
    [`GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(3000)}`, 'refused 431 the head is longer than 16384 bytes at byte 16384'],
    [
      'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n',
      'refused 400 Transfer-Encoding is not exactly "chunked" at byte 25',
    ],
  ]
  for (const [text, verdict] of table) {
    const { events, feed } = reading('request')
    feed(text)
    assert.deepEqual(events, [verdict])
  }
})

test('a reader closed within an event says no more', () => {
  const post = 'POST / HTTP/1.1\r\nHost: a\r\n'
  for (const message of [
    `${post}Content-Length: 3\r\n\r\nabc`,
    `${post}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  ]) {
    const { events, feed } = reading('request', (event, reader) => event.startsWith('body') && reader.close())
    feed(message + message)
    feed(message)
    assert.equal(events.length, 2)
    assert.equal(events[1], 'body abc')
  }
})
