import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HTTP_LIMITS, type HttpLimits } from '../limits.ts'
import { Reader } from './reader.ts'
import { latin1 } from './text.ts'

/** A reader whose events are lines, and that does as `during` says in each. */
function reading(
  kind: 'request' | 'response',
  during: (event: string, reader: Reader) => void = () => {},
  limits: Partial<HttpLimits> = {},
) {
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
    { ...HTTP_LIMITS, ...limits },
  )
  return { reader, events, feed: (text: string) => reader.feed(Buffer.from(text, 'latin1')) }
}

const OK = 'HTTP/1.1 200 OK\r\n'

test('what a response may be that a request may not: there is one reading only', () => {
  const table: [response: string, ...events: string[]][] = [
    // RFC 9112 §6.1: framed as it says, and the connection is not kept.
    [
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
      'head 200 chunked -1 closes',
      'body a',
      'end',
    ],
    [`${OK}Connection: keep-alive; timeout=5\r\nContent-Length: 0\r\n\r\n`, 'head 200 none 0', 'end'],
    [`${OK}Connection: close ; x\r\nContent-Length: 0\r\n\r\n`, 'head 200 none 0 closes', 'end'],
    [`${OK}Connection: cl;ose, \xa0close\r\n\r\n`, 'refused 502 Connection is not a list of tokens at byte 17'],
    // RFC 9110 §6.5.1: a trailer that could fool whoever merges it is left out.
    [
      `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nDate: x\r\nX: y\r\nSet-Cookie: a=b\r\n\r\n`,
      'head 200 chunked -1',
      'end X y',
    ],
    [`${OK}${'X: y\r\n'.repeat(999)}Content-Length: 0\r\n\r\n`, 'head 200 none 0', 'end'],
    [`${OK}${'X: y\r\n'.repeat(1001)}\r\n`, 'refused 502 more than 1000 fields at byte 6017'],
    [`${OK}X: ${'y'.repeat(65_000)}\r\nContent-Length: 0\r\n\r\n`, 'head 200 none 0', 'end'],
    [`${OK}X: ${'y'.repeat(66_000)}\r\n\r\n`, 'refused 502 the head is longer than 65536 bytes at byte 65536'],
  ]
  for (const [response, ...expected] of table) {
    for (const step of [response.length, 7]) {
      const { reader, events, feed } = reading('response')
      reader.expect('GET')
      for (let at = 0; at < response.length; at += step) feed(response.slice(at, at + step))
      assert.deepEqual(events, expected, response.slice(0, 120))
    }
  }
})

test('every limit of the reader can be set, and is met one past it', () => {
  const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  const chunked = `GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`
  const table: [Partial<typeof HTTP_LIMITS>, 'request' | 'response', string, number][] = [
    [{ startLineBytes: 14 }, 'request', request, 414],
    [{ headBytes: request.length }, 'request', request, 431],
    [{ fieldCount: 1 }, 'request', request, 431],
    [{ chunkExtensionBytes: 4 }, 'request', `${chunked}1;a=b\r\nx\r\n0\r\n\r\n`, 413],
    [{ trailerBytes: 8 }, 'request', `${chunked}0\r\nX: y\r\n\r\n`, 431],
    [{ responseHeadBytes: 43 }, 'response', `${OK}Content-Length: 0\r\nX:y\r\n\r\n`, 502],
    [{ responseFieldCount: 2 }, 'response', `${OK}Content-Length: 0\r\nX:y\r\n\r\n`, 502],
  ]
  for (const [limits, kind, text, status] of table) {
    const outcome = (given: Partial<typeof HTTP_LIMITS>) => {
      let result = 0
      const sink = {
        onHead() {},
        onBody() {},
        onMessageEnd: () => void (result = 200),
        onRefused: (v: { status: number }) => void (result = v.status),
      }
      const reader = new Reader(kind, sink, { ...HTTP_LIMITS, ...given })
      reader.expect('GET')
      reader.feed(Buffer.from(text))
      return result
    }
    const [name, value] = Object.entries(limits)[0]!
    assert.equal(outcome(limits), 200, `${name} ${value}`)
    assert.equal(outcome({ [name]: value - 1 }), status, `${name} ${value - 1}`)
  }
})

test('a start line at its limit gets the same verdict however it is cut', () => {
  const line = (length: number, version = 'HTTP/1.1') =>
    `GET /${'a'.repeat(length - 6 - version.length)} ${version}\r\nHost: a\r\n\r\n`
  const reply = (length: number) => `HTTP/1.1 200 ${'a'.repeat(length - 13)}\r\nContent-Length: 0\r\n\r\n`
  const table: ['request' | 'response', string, string][] = [
    ['request', line(40), 'head GET none 0,end'],
    ['request', line(41), 'refused 414 the request line is longer than 40 bytes at byte 40'],
    ['request', line(48), 'refused 414 the request line is longer than 40 bytes at byte 40'],
    ['request', line(43, 'HTXP/1.1'), 'refused 400 expected HTTP/ at byte 37'],
    ['request', line(43, 'HTTP/1.x'), 'refused 414 the request line is longer than 40 bytes at byte 40'],
    ['request', `${'M'.repeat(60)} / HTTP/1.1\r\n`, 'refused 501 the method is longer than 40 bytes at byte 40'],
    ['response', reply(40), 'head 200 none 0,end'],
    ['response', reply(41), 'refused 502 the status line is longer than 40 bytes at byte 40'],
  ]
  for (const [kind, text, expected] of table)
    for (let cut = 0; cut <= text.length; cut++) {
      const { reader, events, feed } = reading(kind, () => {}, { startLineBytes: 40 })
      reader.expect('GET')
      feed(text.slice(0, cut))
      feed(text.slice(cut))
      assert.equal(events.join(), expected, `${JSON.stringify(text)} cut at ${cut}`)
    }
})

test('folded lines of a response are read as spaces (RFC 9112 §5.2), but not where they frame it', () => {
  const lines: string[][] = []
  const read = (text: string, kind: 'request' | 'response' = 'response') => {
    let refused = ''
    const sink = {
      onHead: (head: { lines(): readonly string[] }) => void lines.push([...head.lines()]),
      onBody() {},
      onMessageEnd() {},
      onRefused: (verdict: { toString(): string }) => void (refused = verdict.toString()),
    }
    const reader = new Reader(kind, sink, HTTP_LIMITS)
    reader.expect('GET')
    for (const byte of text) reader.feed(Buffer.from(byte, 'latin1'))
    return refused
  }
  assert.equal(read(`${OK}A: 1\r\n  2\r\n\t3 \r\nB:\r\n x\r\nContent-Length: 0\r\nC: 4\r\n \r\n\r\n`), '')
  assert.deepEqual(lines.pop(), ['A', '1    2  \t3', 'B', 'x', 'Content-Length', '0', 'C', '4'])
  for (const field of [
    'Content-Length: 0\r\n ',
    'Content-Length:\r\n 0',
    'Transfer-Encoding:\r\n chunked',
    'Connection: close,\r\n x',
  ])
    assert.match(
      read(`${OK}A: 1\r\n 2\r\n${field}\r\n\r\n`),
      /^folded (?:Content-Length|Transfer-Encoding|Connection) at byte/,
      field,
    )
  assert.match(read(`${OK} A: 1\r\n\r\n`), /space before the first field/)
  assert.match(read('GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\n 2\r\n\r\n', 'request'), /folded field line/)
})

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
    ['GET / HTTP/3.0\r\n', 'refused 505 HTTP/3.0 is not supported: use HTTP/1.1 at byte 11'],
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
