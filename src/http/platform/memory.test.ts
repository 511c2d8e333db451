import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exchange } from '../exchange.ts'
import { testMachine } from '../trial/machine.ts'
import { fetchHandler } from './fetch.ts'
import { answer } from './memory.ts'

const machine = testMachine()

test('a handler sees the request and its reply becomes a Response', async () => {
  let seen: Exchange | null = null
  const response = await answer(
    (exchange) => {
      seen = exchange
      exchange.reply(200, ['Content-Type', 'text/plain', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'], 'grüße')
    },
    new Request('http://board.example/a%20b?x=1&y', { headers: { 'X-Two': 'a' } }),
    machine,
  )
  assert.equal(response.status, 200)
  assert.equal(await response.text(), 'grüße')
  assert.equal(response.headers.get('content-length'), '7')
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2'])
  const { method, target, path, query, authority, scheme } = seen!
  assert.deepEqual(
    { method, target, path, query, authority, scheme },
    {
      method: 'GET',
      target: '/a%20b?x=1&y',
      path: '/a%20b',
      query: 'x=1&y',
      authority: 'board.example',
      scheme: 'http',
    },
  )
  assert.equal(seen!.header('host'), 'board.example')
  assert.equal(seen!.header('x-two'), 'a')
})

test('a body is read whole, as text by its charset, and refused past the limit', async () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, type: string) =>
    new Request('http://a/', { method: 'POST', body, headers: { 'Content-Type': type } })
  const echo = async (exchange: Exchange) => exchange.reply(200, [], await exchange.body.text(10))
  const latin = await answer(echo, post(new Uint8Array([0xe9, 0x80]), 'text/plain; charset=ISO-8859-1'), machine)
  assert.equal(await latin.text(), 'é\u0080')
  const errors: unknown[] = []
  const long = await answer(echo, post('01234567890', 'text/plain'), machine, { onError: (e) => errors.push(e) })
  assert.equal(long.status, 500)
  assert.match(String(errors[0]), /BodyTooLarge: body is longer than 10 bytes/)
  const odd = await answer(echo, post('x', 'text/plain; charset=koi8-r'), machine, { onError: (e) => errors.push(e) })
  assert.equal(odd.status, 500)
  assert.match(String(errors[1]), /charset "koi8-r" is none of/)
})

test('what a handler throws before its reply becomes a 500, after it breaks the body off', async () => {
  const early = await answer(() => assert.fail('no'), new Request('http://a/'), machine)
  assert.equal(early.status, 500)
  assert.equal(await early.text(), 'Internal Server Error\n')
  const late = await answer(
    async (exchange) => {
      exchange.start(200, []).write('x')
      throw new Error('late')
    },
    new Request('http://a/'),
    machine,
  )
  await assert.rejects(late.text(), { name: 'AbortError' })
})

test('a streamed reply is held back by its reader', async () => {
  let drains = 0
  let first = true
  const response = await answer(
    (exchange) => {
      const reply = exchange.start(200, [])
      const piece = new Uint8Array(40_000).fill(7)
      reply.onDrain = () => {
        drains++
        reply.end()
      }
      first = reply.write(piece)
      assert.equal(reply.write(piece), false)
    },
    new Request('http://a/'),
    machine,
  )
  assert.equal(first, true)
  assert.equal(drains, 0)
  assert.equal((await response.bytes()).length, 80_000)
  assert.equal(drains, 1)
})

test('no reply string reaches the head with CR, LF or what ISO-8859-1 lacks', async () => {
  for (const [name, value] of [
    ['X', 'a\r\nSet-Cookie: b'],
    ['X', 'a\u010ab'],
    ['X\r\n', 'a'],
    ['X', 'a\0'],
  ] as const) {
    const response = await answer((e) => e.reply(200, [name, value], ''), new Request('http://a/'), machine)
    assert.equal(response.status, 500)
  }
})

test('HEAD, 204 and 304 have no body and keep what was said about it', async () => {
  const head = await answer((e) => e.reply(200, [], 'abc'), new Request('http://a/', { method: 'HEAD' }), machine)
  assert.equal(head.headers.get('content-length'), '3')
  assert.equal(await head.text(), '')
  for (const status of [204, 304]) {
    const response = await answer((e) => e.reply(status, ['ETag', '"a"'], null), new Request('http://a/'), machine)
    assert.equal(response.body, null)
    assert.equal(response.headers.get('etag'), '"a"')
  }
})

test('a fetch-style handler is a handler', async () => {
  const handler = fetchHandler(async (request) => {
    const sent = await request.text()
    return new Response(`${request.method} ${new URL(request.url).pathname} ${sent}`, {
      status: 201,
      headers: { 'X-A': 'b' },
    })
  })
  const response = await answer(handler, new Request('http://h/p', { method: 'PUT', body: 'data' }), machine)
  assert.equal(response.status, 201)
  assert.equal(response.headers.get('x-a'), 'b')
  assert.equal(await response.text(), 'PUT /p data')
})
