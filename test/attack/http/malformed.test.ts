/**
 * The list of malformed messages, each with the verdict that it must get: refused with a status and the connection
 * closed, or taken in the one way that is left. Every line is sent whole and byte by byte.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomeOf } from './world.ts'

type Line = readonly [bytes: string, ...statuses: number[]]

const HOST = 'Host: a\r\n'
const get = (fields: string) => `GET / HTTP/1.1\r\n${HOST}${fields}\r\n`
const post = (fields: string, body = '') => `POST / HTTP/1.1\r\n${HOST}${fields}\r\n${body}`
const chunked = (body: string) => post('Transfer-Encoding: chunked\r\n', body)
const te = (value: string) => post(`Transfer-Encoding: ${value}\r\n`, '0\r\n\r\n')
const cl = (value: string, body = '') => post(`Content-Length: ${value}\r\n`, body)
const line = (start: string) => `${start}\r\n${HOST}\r\n`
const NEXT = get('')

async function check(lines: readonly Line[]): Promise<void> {
  for (const [bytes, ...statuses] of lines) {
    for (const chunk of [Number.POSITIVE_INFINITY, 1]) {
      if (chunk === 1 && bytes.length > 3000) continue
      const outcome = await outcomeOf(bytes, chunk)
      assert.deepEqual(
        outcome.statuses,
        statuses,
        `${JSON.stringify(bytes.slice(0, 300))} by ${chunk}: ${outcome.text}`,
      )
      if (statuses.some((status) => status !== 200))
        assert.equal(outcome.ended, true, JSON.stringify(bytes.slice(0, 300)))
      assert.equal(outcome.seen.length, statuses.filter((status) => status === 200).length)
    }
  }
}

test('framing that could be read in two ways', () =>
  check([
    [post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
    [post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'), 400],
    [post('Content-Length: 5\r\nContent-Length: 6\r\n', 'abcdef'), 400],
    [post('Content-Length: 5\r\nContent-Length: 5\r\n', 'abcde'), 400],
    [cl('5, 5', 'abcde'), 400],
    [cl('5, 6', 'abcde'), 400],
    ['POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    [te('gzip'), 501],
    [te('gzip, chunked'), 501],
    [te('chunked, gzip'), 400],
    [te('chunked, chunked'), 400],
    [post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
    [post('Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
    [te(',chunked'), 400],
    [te('chunked,'), 400],
    [te(''), 400],
    [te('identity'), 400],
    [te('xchunked'), 400],
    [te('chunkedchunked'), 400],
    [te('chunked;q=1'), 400],
    [te('"chunked"'), 400],
    [te('CHUNKED'), 200],
    [te(' \tchunked\t '), 200],
    [te('\vchunked'), 400],
    [te('chunked\f'), 400],
    [te('chunked\0'), 400],
    [te('\xa0chunked'), 400],
    [te('chunked\x85'), 400],
    [te('\xffchunked'), 400],
    [post('Transfer_Encoding: chunked\r\n', NEXT), 200, 200],
    [post('Content_Length: 5\r\n', NEXT), 200, 200],
    [post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), 400],
  ]))

test('Content-Length', () =>
  check([
    ...[
      '',
      '+5',
      '-1',
      '-0',
      '0x10',
      '0o5',
      '1_0',
      '5 0',
      '5abc',
      '1e2',
      '5.0',
      '007',
      '00',
      '123456789012345678901',
      '9007199254740992',
      '18446744073709551621',
      '5;',
      '"5"',
      '\xb2',
    ].map((value): Line => [cl(value, 'abcde'), 400]),
    [cl('9007199254740991'), 413],
    [cl('16777217'), 413],
    [cl(' \t5\t ', 'abcde'), 200],
    [cl('0', NEXT), 200, 200],
  ]))

test('the chunk size line', () =>
  check([
    ...[
      '0x5',
      '+5',
      '-5',
      '0_2e',
      '5 ',
      ' 5',
      '',
      '5;',
      '5;[=x',
      '5;a="',
      '5;a="\0"',
      '5;a=',
      '5;a=b ',
      '5 ;a=b',
      '5; a',
      '5;a="b"c',
      '5\t',
      'g',
      '00000000000005',
      'ffffffffffffffff',
      '5;a\0=b',
    ].map((size): Line => [chunked(`${size}\r\nabcde\r\n0\r\n\r\n`), 400]),
    [chunked('5\nabcde\r\n0\r\n\r\n'), 400],
    [chunked('5\rabcde\r\n0\r\n\r\n'), 400],
    [chunked('5\rX\r\nabcde\r\n0\r\n\r\n'), 400],
    [chunked('5;a=b\nabcde\r\n0\r\n\r\n'), 400],
    [chunked(`5;${'a'.repeat(5000)}\r\nabcde\r\n0\r\n\r\n`), 413],
    [chunked(`${'1;aaaaaaaaaaaaaaa\r\nx\r\n'.repeat(300)}0\r\n\r\n`), 413],
    [chunked('5;a=b;c;d="e\\"f"\r\nabcde\r\n0\r\n\r\n'), 200],
    [chunked('05\r\nabcde\r\n00\r\n\r\n'), 200],
    [chunked('A\r\n0123456789\r\n0\r\n\r\n'), 200],
  ]))

test('chunk data and its end', () =>
  check([
    [chunked('3\r\nxxx__1a\r\n'), 400],
    [chunked('3\r\nxxx\r_0\r\n\r\n'), 400],
    [chunked('3\r\nxxx_\n0\r\n\r\n'), 400],
    [chunked('5\r\n1234567\r\n0\r\n\r\n'), 400],
    [chunked('3\r\nxxx\n0\r\n\r\n'), 400],
    [chunked('0\r\nX:POST / HTTP/1.1\r\n\r\n'), 200],
    [chunked('0\n\r\n'), 400],
    [chunked('0\r\n\n'), 400],
    [chunked('0\r\nX: y\n\r\n'), 400],
    [chunked('0\r\nX: y\r\nno colon\r\n\r\n'), 400],
    ...[
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
      'Host: b',
      'Authorization: x',
      'Content-Type: x',
      'Cookie: a=b',
      'Connection: close',
    ].map((trailer): Line => [chunked(`0\r\n${trailer}\r\n\r\n`), 400]),
    [chunked(`0\r\nX: ${'y'.repeat(9000)}\r\n\r\n`), 431],
    [chunked('0\r\nX: y\r\n\r\n') + NEXT, 200, 200],
    // The end is missing: no verdict yet, and no request.
    [chunked('5\r\nabcde\r\n')],
  ]))

test('lines and fields', () =>
  check([
    [`GET / HTTP/1.1\n${HOST}\r\n`, 400],
    ['GET / HTTP/1.1\r\nHost: a\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\n\n', 400],
    ['GET / HTTP/1.1\nHost: a\n\n', 400],
    [`GET / HTTP/1.1\r${HOST}\r\n`, 400],
    [get('X: a\rb\r\n'), 400],
    [`GET / HTTP/1.1\r\n${HOST}\rX`, 400],
    [`GET / HTTP/1.1\r\n${HOST}X: y\r\n\rXtra: z\r\n\r\n`, 400],
    [`\r\n${NEXT}`, 200],
    [`\r\n\r\n${NEXT}`, 400],
    [`\n${NEXT}`, 400],
    [`GET / HTTP/1.1\r\n ${HOST}\r\n`, 400],
    [`GET / HTTP/1.1\r\n\t${HOST}\r\n`, 400],
    [get('X: a\r\n b\r\n'), 400],
    [get('X: a\r\n\tb\r\n'), 400],
    [get('X : a\r\n'), 400],
    [get('X\t: a\r\n'), 400],
    [get(': a\r\n'), 400],
    [get('no colon\r\n'), 400],
    ...['X[', 'X(', 'X\0', 'X\x85', '\xefX', 'X"', 'X/', 'X@', 'X\x7f'].map(
      (name): Line => [get(`${name}: a\r\n`), 400],
    ),
    ...['\0', '\x01', '\x08', '\v', '\f', '\x1b', '\x1f', '\x7f', '\n'].map((c): Line => [get(`X: a${c}b\r\n`), 400]),
    [get('X: a\tb\r\n'), 200],
    [get('X: \x80\xff\r\n'), 200],
    [get('__proto__: a\r\nconstructor: b\r\n'), 200],
    [get('X:\r\nY: \r\n'), 200],
    [get(`X: ${'y'.repeat(17_000)}\r\n`), 431],
    [get('X: y\r\n'.repeat(101)), 431],
    [get('X: y\r\n'.repeat(99)), 200],
  ]))

test('the request line', () =>
  check([
    [line('GET  / HTTP/1.1'), 400],
    [line('GET /  HTTP/1.1'), 400],
    [line('GET\t/\tHTTP/1.1'), 400],
    [line(' GET / HTTP/1.1'), 400],
    [line('GET HTTP/1.1'), 400],
    [line('GET  HTTP/1.1'), 400],
    [line('GET /'), 400],
    [line('GET'), 400],
    ...[
      'HTTP/1',
      'HTTP/01.01',
      'http/1.1',
      'HTTP/ 1.1',
      'HTTP/1.1 ',
      'HTTP/1.',
      'HTTP/.1',
      'HTTP/11',
      'HTTP/1.11',
      'HTTP-1.1',
      'HTTP/1,1',
      'HTTPS/1.1',
    ].map((version): Line => [line(`GET / ${version}`), 400]),
    [line('GET / HTTP/1.2'), 200],
    ...['HTTP/9.9', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/3.0'].map((version): Line => [line(`GET / ${version}`), 505]),
    ['GET /\r\n', 400],
    [line('get / HTTP/1.1'), 501],
    [line('Get / HTTP/1.1'), 501],
    [line('G="/ HTTP/1.1'), 400],
    [line('G{T / HTTP/1.1'), 400],
    [line(`${'M'.repeat(100_000)} / HTTP/1.1`), 501],
    [line(`GET /${'a'.repeat(9000)} HTTP/1.1`), 414],
    [line(`GET /${'a'.repeat(8000)} HTTP/1.1`), 200],
    [line('GET /#frag HTTP/1.1'), 400],
    [line('GET /ü HTTP/1.1'), 200],
    [line('GET /\xff HTTP/1.1'), 200],
    [line('GET http://a/\xff HTTP/1.1'), 200],
    [line('GET http://\xff/ HTTP/1.1'), 400],
    [line('CONNECT \xff:1 HTTP/1.1'), 400],
    [line('GET /a\\b HTTP/1.1'), 400],
    [line('GET /\0 HTTP/1.1'), 400],
    [line('GET /%00 HTTP/1.1'), 200],
    [line('GET /%0d%0a HTTP/1.1'), 200],
    [line('GET /a b HTTP/1.1'), 400],
    [line('GET * HTTP/1.1'), 400],
    [line('GET a HTTP/1.1'), 400],
    [line('GET ftp://a/ HTTP/1.1'), 400],
    [line('GET http:/// HTTP/1.1'), 400],
    [line('GET http://u@a/ HTTP/1.1'), 400],
    [line('OPTIONS * HTTP/1.1'), 200],
    [line('GET http://b/x HTTP/1.1'), 200],
    [line('CONNECT / HTTP/1.1'), 400],
    [line('CONNECT a HTTP/1.1'), 400],
    [line('CONNECT a:b HTTP/1.1'), 400],
    [line('CONNECT a:70000 HTTP/1.1'), 400],
    [`CONNECT a:1 HTTP/1.1\r\n${HOST}Content-Length: 1\r\n\r\nx`, 400],
  ]))

test('Host', () =>
  check([
    ['GET / HTTP/1.1\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nX: y\r\n\r\n', 400],
    [get('Host: a\r\n'), 400],
    [get('Host: b\r\n'), 400],
    ...[
      'a, b',
      'a,b',
      'u@a',
      'a/x',
      '',
      'a b',
      'a:',
      'a:b',
      'a:99999',
      ':80',
      '[::1',
      '[]',
      '[g::1]',
      'a?b',
      'a#b',
      'a\\b',
      'http://a',
      'a:80:80',
      'ä',
      'A%41',
      'a%',
      '%',
    ].map((host): Line => [`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400]),
    ...['a', 'a.example:80', '127.0.0.1', '[::1]', '[2001:db8::1]:8080', 'xn--bcher-kva.example', 'a_b'].map(
      (host): Line => [`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 200],
    ),
    ['GET / HTTP/1.0\r\n\r\n', 200],
    ['GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n', 400],
  ]))

test('sequences', async () => {
  await check([
    [`${NEXT}BAD\r\n\r\n`, 200, 400],
    [`${NEXT}${get('X : y\r\n')}${NEXT}`, 200, 400],
    [cl('0', `junk${NEXT}`), 200, 501],
    [`${get('Content-Length: 3\r\n')}abc${NEXT}`, 200, 200],
    [`OPTIONS / HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc${NEXT}`, 200, 200],
    [`HEAD / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n${NEXT}`, 200, 200],
    [`${post('Expect: 100-continue\r\nContent-Length: 3\r\n', 'abc')}${NEXT}`, 200, 200],
    [`${get('Connection: Upgrade\r\nUpgrade: websocket\r\n')}${NEXT}`, 200, 200],
    ['PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n', 505],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['\xff\xfe\xfd\0\0', 400],
    [get('Connection: close\r\n') + NEXT, 200],
    [get('Connection: keep-alive, close\r\n') + NEXT, 200],
    [get('Connection: CLOSE\r\n') + NEXT, 200],
    [get('Connection: clo se\r\n'), 400],
    [get('Connection: keep-alive; timeout=5\r\n') + NEXT, 200, 200],
    [get('Connection: close;x\r\n') + NEXT, 200],
    [get('Connection: \xa0close\r\n'), 400],
    [get('Connection: ;close\r\n'), 400],
    [`GET / HTTP/1.0\r\n\r\n${NEXT}`, 200],
  ])
  const smuggled = await outcomeOf(`${cl('5', 'abcde')}${chunked('0\r\n\r\n')}${NEXT}`)
  assert.deepEqual(smuggled.seen, ['POST / abcde', 'POST /', 'GET /'])
})

test('an absolute target’s authority wins over Host', async () => {
  const outcome = await outcomeOf('GET http://b.example/x?y HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.deepEqual(outcome.seen, ['GET http://b.example/x?y'])
})
