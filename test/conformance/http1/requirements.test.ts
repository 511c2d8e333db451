/** What RFC 9110 and RFC 9112 say a server MUST do, sentence by sentence, over a connection byte by byte. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exchange, Handler } from '../../../src/http/index.ts'
import { serve } from '../../../src/http/index.ts'
import { settle } from '../../../src/http/trial/machine.ts'
import { TestNetwork } from '../../../src/http/trial/network.ts'
import { RawClient } from '../../../src/http/trial/raw.ts'

/** Says what arrived; the path says how. */
const echo: Handler = async (exchange: Exchange) => {
  const { path } = exchange
  if (path === '/204') exchange.reply(204, [], 'x')
  else if (path === '/304') exchange.reply(304, ['ETag', '"a"'], 'x')
  else if (path === '/205') exchange.reply(205, [], 'x')
  else if (path === '/stream') {
    const body = exchange.start(200, [])
    body.write('piece')
    body.end(['Server-Timing', 'a'])
  } else if (path === '/early') {
    exchange.inform(103, ['Link', '</a.css>; rel=preload'])
    exchange.reply(200, [], 'after')
  } else if (path === '/unread') exchange.reply(200, [], 'unread')
  else if (path === '/switch') exchange.reply(200, [], `${exchange.protocol}`)
  else {
    const body = await exchange.body.text()
    exchange.reply(
      200,
      ['Content-Type', 'text/plain'],
      `${exchange.method} ${exchange.target} ${exchange.authority} ${body}`,
    )
  }
}

interface Requirement {
  /** The section, and the sentence in short. */
  readonly says: string
  readonly send: string
  readonly expect: RegExp
  /** What must not be among what comes back. */
  readonly never?: RegExp
  /** Whether the server must end the connection, or must keep it. */
  readonly ends?: boolean
}

const GET = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
const POST = (more: string, body: string) => `POST / HTTP/1.1\r\nHost: a\r\n${more}\r\n${body}`
const DATE = /\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/

const REQUIREMENTS: readonly Requirement[] = [
  {
    says: '9112 §2.2: ignores an empty line before the request line',
    send: `\r\n${GET('/')}`,
    expect: /^HTTP\/1\.1 200 /,
  },
  {
    says: '9112 §2.2: a bare CR is no line end',
    send: `GET / HTTP/1.1\rHost: a\r\n\r\n`,
    expect: /^HTTP\/1\.1 400 /,
    ends: true,
  },
  {
    says: '9112 §2.2: white space before the first field is refused',
    send: 'GET / HTTP/1.1\r\n Host: a\r\n\r\n',
    expect: /^HTTP\/1\.1 400 /,
    ends: true,
  },
  {
    says: '9112 §2.3: answers with its own minor version',
    send: 'GET / HTTP/1.0\r\nHost: a\r\n\r\n',
    expect: /^HTTP\/1\.1 200 /,
    ends: true,
  },
  {
    says: '9110 §6.2: a major version that is not ours is 505',
    send: 'GET / HTTP/3.0\r\nHost: a\r\n\r\n',
    expect: /^HTTP\/1\.1 505 /,
    ends: true,
  },
  {
    says: '9112 §3: an invalid request line is 400',
    send: 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
    expect: /^HTTP\/1\.1 400 /,
    ends: true,
  },
  {
    says: '9112 §3: a method that is not known is 501',
    send: 'brew / HTTP/1.1\r\nHost: a\r\n\r\n',
    expect: /^HTTP\/1\.1 501 /,
  },
  {
    says: '9112 §3: a request line too long is 414',
    send: `GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    expect: /^HTTP\/1\.1 414 /,
  },
  { says: '9112 §3.2: no Host is 400', send: 'GET / HTTP/1.1\r\n\r\n', expect: /^HTTP\/1\.1 400 / },
  {
    says: '9112 §3.2: two Hosts are 400',
    send: 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
    expect: /^HTTP\/1\.1 400 /,
  },
  {
    says: '9112 §3.2: an invalid Host is 400',
    send: 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
    expect: /^HTTP\/1\.1 400 /,
  },
  {
    says: '9112 §3.2.2: accepts the absolute form, whose authority counts',
    send: 'GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n',
    expect: /GET http:\/\/b\/x b/,
  },
  {
    says: '9112 §3.2.4: OPTIONS * is the server as a whole',
    send: 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
    expect: /OPTIONS \* a/,
  },
  {
    says: '9112 §5.1: white space before the colon is 400',
    send: 'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
    expect: /^HTTP\/1\.1 400 /,
  },
  {
    says: '9112 §5.2: a folded line is 400',
    send: 'GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n',
    expect: /^HTTP\/1\.1 400 /,
  },
  {
    says: '9110 §5.5: CR, LF and NUL in a value are refused',
    send: 'GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n',
    expect: /^HTTP\/1\.1 400 /,
  },
  {
    says: '9110 §5.4: too many fields are a 4xx',
    send: `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(200)}\r\n`,
    expect: /^HTTP\/1\.1 431 /,
  },
  {
    says: '9112 §6.1: Transfer-Encoding and Content-Length together are refused',
    send: POST('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '0\r\n\r\n'),
    expect: /^HTTP\/1\.1 400 /,
    ends: true,
  },
  {
    says: '9112 §6.1: a coding that is not understood is 501',
    send: POST('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'),
    expect: /^HTTP\/1\.1 501 /,
    ends: true,
  },
  {
    says: '9112 §6.3: chunked that is not the last coding is 400',
    send: POST('Transfer-Encoding: chunked, gzip\r\n', ''),
    expect: /^HTTP\/1\.1 400 /,
    ends: true,
  },
  {
    says: '9112 §6.3: an invalid Content-Length is 400 and the end',
    send: POST('Content-Length: 3x\r\n', 'abc'),
    expect: /^HTTP\/1\.1 400 /,
    ends: true,
  },
  {
    says: '9112 §6.3: Content-Lengths that differ are 400 and the end',
    send: POST('Content-Length: 3\r\nContent-Length: 4\r\n', 'abc'),
    expect: /^HTTP\/1\.1 400 /,
    ends: true,
  },
  {
    says: '9112 §7.1: parses and decodes chunked',
    send: POST('Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n'),
    expect: /POST \/ a abc/,
  },
  {
    says: '9112 §7.1.1: ignores chunk extensions',
    send: POST('Transfer-Encoding: chunked\r\n', '3;x=y;z\r\nabc\r\n0\r\n\r\n'),
    expect: /POST \/ a abc/,
  },
  {
    says: '9112 §6.3: a request without either has no content',
    send: `POST / HTTP/1.1\r\nHost: a\r\n\r\n${GET('/next')}`,
    expect: /POST \/ a [\s\S]*GET \/next a/,
  },
  {
    says: '9112 §9.3: persists by default',
    send: GET('/') + GET('/second'),
    expect: /GET \/ a [\s\S]*GET \/second a/,
    ends: false,
  },
  {
    says: '9112 §9.3: HTTP/1.0 closes',
    send: 'GET / HTTP/1.0\r\nHost: a\r\n\r\n',
    expect: /\r\nConnection: close\r\n/,
    ends: true,
  },
  {
    says: '9112 §9.3.2: answers pipelined requests in order',
    send: GET('/1') + GET('/2') + GET('/3'),
    expect: /GET \/1 [\s\S]*GET \/2 [\s\S]*GET \/3 /,
  },
  {
    says: '9112 §9.6: close is answered with close, and no request after it is',
    send: GET('/', 'Connection: close\r\n') + GET('/after'),
    expect: /\r\nConnection: close\r\n/,
    never: /after/,
    ends: true,
  },
  {
    says: '9112 §9.6: reads on, or closes, after a body that nobody reads',
    send: `POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${GET('/next')}`,
    expect: /unread[\s\S]*GET \/next a/,
  },
  { says: '9110 §6.6.1: sends Date in 2xx, 3xx and 4xx', send: GET('/'), expect: DATE },
  {
    says: '9110 §8.6: no Content-Length in 204',
    send: GET('/204'),
    expect: /^HTTP\/1\.1 204 /,
    never: /Content-Length|Transfer-Encoding|x$/,
  },
  { says: '9110 §15.3.6: no content in 205', send: GET('/205'), expect: /Content-Length: 0\r\n/, never: /\r\n\r\nx/ },
  { says: '9110 §15.4.5: no content in 304', send: GET('/304'), expect: /^HTTP\/1\.1 304 /, never: /\r\n\r\nx/ },
  {
    says: '9110 §9.3.2: no content for HEAD',
    send: 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
    expect: /Content-Length: \d+\r\n/,
    never: /\r\n\r\n./,
  },
  {
    says: '9112 §6.1: no Transfer-Encoding to HTTP/1.0',
    send: 'GET /stream HTTP/1.0\r\nHost: a\r\n\r\n',
    expect: /\r\n\r\npiece$/,
    never: /Transfer-Encoding/i,
    ends: true,
  },
  {
    says: '9110 §15.2: no 1xx to HTTP/1.0',
    send: 'GET /early HTTP/1.0\r\nHost: a\r\n\r\n',
    expect: /^HTTP\/1\.1 200 /,
    never: / 103 /,
  },
  {
    says: '9110 §15.2: 1xx before the final reply',
    send: GET('/early'),
    expect: /^HTTP\/1\.1 103 [^\r]*\r\nLink: [^\r]*\r\n\r\nHTTP\/1\.1 200 /,
  },
  {
    says: '9110 §10.1.1: 100 when the body is read',
    send: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n',
    expect: /^HTTP\/1\.1 100 [^\r]*\r\n\r\n$/,
  },
  {
    says: '9110 §10.1.1: a final status in place of 100 where the body is not wanted',
    send: 'POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n',
    expect: /^HTTP\/1\.1 200 /,
    never: / 100 /,
  },
  {
    says: '9110 §10.1.1: no 100 to HTTP/1.0',
    send: 'POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc',
    expect: /^HTTP\/1\.1 200 /,
    never: / 100 /,
  },
  {
    says: '9110 §10.1.1: another expectation is 417',
    send: POST('Expect: magic\r\nContent-Length: 0\r\n', ''),
    expect: /^HTTP\/1\.1 417 /,
  },
  {
    says: '9110 §7.8: an Upgrade that is not taken is answered as if it were not there',
    send: GET('/switch', 'Connection: upgrade\r\nUpgrade: other\r\n'),
    expect: /^HTTP\/1\.1 200 /,
    never: / 101 /,
  },
  {
    says: '9110 §9.3.8: TRACE is not answered with content of the request’s credentials',
    send: 'TRACE / HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n',
    expect: /^HTTP\/1\.1 405 [\s\S]*\r\nAllow: /,
    never: /secret/,
  },
  {
    says: '9110 §6.5.1: framing fields in trailers are not merged',
    send: POST('Transfer-Encoding: chunked\r\n', '0\r\nContent-Length: 5\r\n\r\n'),
    expect: /^HTTP\/1\.1 400 /,
    ends: true,
  },
]

for (const { says, send, expect, never, ends } of REQUIREMENTS)
  test(says, async () => {
    const network = new TestNetwork()
    const host = network.host('web', '10.0.0.80')
    const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
    const server = await serve(host, echo, { port: 80 })
    const peer = await RawClient.open(laptop, server.local)
    let text = await peer.send(send)
    await settle()
    text += peer.take()
    assert.match(text, expect)
    if (never !== undefined) assert.doesNotMatch(text, never)
    if (ends !== undefined) assert.equal(peer.ended, ends, 'the end of the connection')
    peer.connection.reset()
  })
