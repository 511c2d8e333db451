import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientGone } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { settle, testMachine } from '../trial/machine.ts'
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
  const long = await answer(echo, post('01234567890', 'text/plain'), machine, { onError: (e) => void errors.push(e) })
  assert.equal(long.status, 413)
  assert.match(String(errors[0]), /BodyTooLarge: body is longer than 10 bytes/)
  const odd = await answer(echo, post('x', 'text/plain; charset=koi8-r'), machine, {
    onError: (e) => void errors.push(e),
  })
  assert.equal(odd.status, 415)
  assert.match(String(errors[1]), /charset must be us-ascii, .*, not "koi8-r"/)
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

test('exchanges are counted by machine: two runs in one process count alike', async () => {
  const ids: number[] = []
  for (const run of [testMachine('a'), testMachine('a')])
    for (let i = 0; i < 2; i++)
      await answer(
        (e) => {
          ids.push(e.id)
          e.reply(204, [], null)
        },
        new Request('http://a/'),
        run,
      )
  assert.deepEqual(ids, [1, 2, 1, 2])
})

test('a reader that lets go of the response, or aborts the request, is told to the handler', async () => {
  const ways: ((response: Response, control: AbortController) => unknown)[] = [
    (response) => response.body!.cancel(),
    (_, control) => control.abort(),
  ]
  for (const leave of ways) {
    const control = new AbortController()
    const errors: unknown[] = []
    let released = false
    let reason: unknown
    const response = await answer(
      async (exchange) => {
        exchange.signal.addEventListener('abort', () => void (reason = exchange.signal.reason))
        const reply = exchange.start(200, [])
        try {
          for (;;) if (!reply.write(new Uint8Array(30_000))) await reply.ready()
        } finally {
          released = true
        }
      },
      new Request('http://a/', { signal: control.signal }),
      machine,
      { onError: (error) => void errors.push(error) },
    )
    await settle()
    assert.equal(released, false)
    await leave(response, control)
    await settle()
    assert.equal(released, true)
    assert.ok(reason instanceof ClientGone)
    assert.deepEqual(errors, [])
  }
})

test('a status above 599 and 205 are what they are on the wire', async () => {
  const odd = await answer((e) => e.reply(999, [], 'no'), new Request('http://a/'), machine)
  assert.deepEqual([odd.status, odd.ok, await odd.text()], [999, false, 'no'])
  const reset = await answer((e) => e.reply(205, [], 'x'), new Request('http://a/'), machine)
  assert.deepEqual([reset.status, reset.headers.get('content-length'), reset.body], [205, '0', null])
})

test('a fetch-style handler whose client has gone is told, its body cancelled, and nothing reported', async () => {
  let cancelled: unknown
  let aborted = false
  const errors: unknown[] = []
  const handler = fetchHandler((request) => {
    request.signal.addEventListener('abort', () => void (aborted = true))
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(40_000)),
      cancel: (reason) => void (cancelled = reason),
    })
    return new Response(body)
  })
  const response = await answer(handler, new Request('http://a/'), machine, { onError: (e) => void errors.push(e) })
  await response.body!.cancel()
  await settle()
  assert.ok(cancelled instanceof ClientGone, String(cancelled))
  assert.equal(aborted, true)
  assert.deepEqual(errors, [])
})

test('a body that fails breaks a fetch-style reply off; HEAD takes none of it', async () => {
  let pulls = 0
  const errors: string[] = []
  const handler = fetchHandler(() => {
    const body = new ReadableStream(
      {
        pull(controller) {
          if (++pulls > 3) throw new Error('disk')
          controller.enqueue(new Uint8Array(10))
        },
      },
      { highWaterMark: 0 },
    )
    return new Response(body)
  })
  const onError = (error: unknown) => void errors.push(String(error))
  const cut = await answer(handler, new Request('http://a/'), machine, { onError })
  await assert.rejects(cut.bytes())
  assert.deepEqual(errors, ['Error: disk'])
  pulls = 0
  const head = await answer(handler, new Request('http://a/', { method: 'HEAD' }), machine, { onError })
  assert.equal(await head.text(), '')
  assert.equal(pulls, 0)
})
