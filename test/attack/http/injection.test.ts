/** No string of a handler reaches the wire with what would split it; no callback that throws stops the process. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Exchange, HttpMisuse } from '../../../src/http/index.ts'
import { settle } from '../../../src/http/trial/machine.ts'
import { world } from './world.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const SPLITTERS = ['\r\nX: y', '\n', '\r', '\0', '\u010a', '\u010d', '\ud83d', '\x7f', '\v']

test('field names, values, trailers, interim fields and upgrade fields are checked', async () => {
  const ways: ((exchange: Exchange, name: string, value: string) => void)[] = [
    (exchange, name, value) => exchange.reply(200, [name, value], ''),
    (exchange, name, value) => void exchange.start(200, [name, value]),
    (exchange, name, value) => exchange.inform(103, [name, value]),
    (exchange, name, value) => exchange.start(200, []).end([name, value]),
  ]
  for (const splitter of SPLITTERS)
    for (const [index, way] of ways.entries())
      for (const [name, value] of [
        ['X', `a${splitter}`],
        [`X${splitter}`, 'a'],
      ] as const) {
        let thrown: unknown
        const { open } = await world((exchange) => {
          try {
            way(exchange, name, value)
          } catch (error) {
            thrown = error
            if (!exchange.answered) exchange.reply(204, [], null)
          }
        })
        const text = await (await open()).send(GET)
        assert.ok(thrown instanceof HttpMisuse, JSON.stringify([index, name, value]))
        assert.doesNotMatch(text, /X: ?[ay]/)
      }
})

test('what would contradict the framing is refused', async () => {
  const wrong: ((exchange: Exchange) => void)[] = [
    (e) => e.reply(200, ['Transfer-Encoding', 'chunked'], 'x'),
    (e) => e.reply(200, ['Content-Length', '2'], 'x'),
    (e) => e.reply(200, ['Content-Length', '1', 'Content-Length', '2'], 'x'),
    (e) => e.reply(200, ['Content-Length', '+1'], 'x'),
    (e) => e.reply(99, [], ''),
    (e) => e.reply(1000, [], ''),
    (e) => e.reply(200.5, [], ''),
    (e) => e.reply(100, [], ''),
    (e) => e.start(101, []),
    (e) => e.inform(200, []),
    (e) => e.inform(101, []),
    (e) => e.reply(200, ['X'], ''),
    (e) => e.reply('200' as never, [], ''),
    // What is no string would be made one behind the check.
    ...[5, undefined, null, ['a\r\nX: y'], { toString: () => 'a\r\nX: y' }].flatMap((value) => [
      (e: Exchange) => e.reply(200, ['X', value as never], ''),
      (e: Exchange) => e.reply(200, [value as never, 'x'], ''),
      (e: Exchange) => void e.start(200, ['X', value as never]),
    ]),
    ...[5, {}, ['x'], new Map()].map((body) => (e: Exchange) => e.reply(200, [], body as never)),
  ]
  for (const [i, way] of wrong.entries()) {
    const errors: unknown[] = []
    const { open } = await world(way, { onError: (error) => void errors.push(error) })
    assert.match(await (await open()).send(GET), /^HTTP\/1.1 500 /, String(i))
    assert.ok(errors[0] instanceof HttpMisuse, String(i))
  }
})

test('two replies, a reply after the end, a body of the wrong length', async () => {
  const errors: string[] = []
  const { open } = await world(
    (exchange) => {
      if (exchange.path === '/two') {
        exchange.reply(200, [], 'one')
        exchange.reply(200, [], 'two')
      }
      const reply = exchange.start(200, exchange.path === '/end' ? [] : ['Content-Length', '3'])
      reply.write(exchange.path === '/long' ? 'abcd' : 'ab')
      reply.end()
      reply.write('c')
    },
    { onError: (error) => void errors.push((error as Error).message) },
  )
  const get = async (path: string) => (await open()).send(GET.replace('/', path))
  assert.match(await get('/two'), /one$/)
  assert.doesNotMatch(await get('/short'), /HTTP.*HTTP/s)
  await get('/long')
  assert.match(await get('/end'), /2\r\nab\r\n0\r\n\r\n$/)
  assert.deepEqual(
    errors.map((message) => message.slice(0, 34)),
    [
      'the request has been answered alre',
      'Content-Length said 3 bytes, and 2',
      'Content-Length said 3 bytes, and 4',
      'the body has ended: nothing more c',
    ],
  )
})

test('callbacks that throw at any moment cost their connection at most', async () => {
  const boom = () => {
    throw new Error('boom')
  }
  const handlers: ((exchange: Exchange) => unknown)[] = [
    boom,
    async () => boom(),
    (e) => e.body.read({ data: boom, end() {} }),
    (e) => e.body.read({ data() {}, end: boom }),
    (e) => {
      e.signal.addEventListener('abort', () => {})
      e.body.read({ data: boom, end: boom })
    },
    (e) => {
      e.reply(200, [], 'x')
      boom()
    },
    (e) => {
      e.start(200, []).write('x')
      boom()
    },
  ]
  for (const [i, handler] of handlers.entries()) {
    const { open, server } = await world((e) => handler(e) as Promise<void>, { onError: boom })
    const raw = await open()
    await raw.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc')
    raw.connection.reset()
    await settle()
    assert.equal(server.connections, 0, String(i))
  }
})

test('whatever bytes come, the server answers or refuses, and forgets the connection', async () => {
  const grammar = fc.constantFrom(
    ...[
      'GET ',
      '/ ',
      'HTTP/1.1',
      '\r\n',
      '\n',
      '\r',
      'Host: a\r\n',
      'Content-Length: ',
      '3',
      'Transfer-Encoding: chunked\r\n',
      '\r\n\r\n',
    ],
    ...[
      '5\r\n',
      '0\r\n\r\n',
      'abc',
      ' ',
      '\0',
      '\xff',
      ':',
      ';',
      'Expect: 100-continue\r\n',
      'Connection: close\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\n',
    ],
  )
  await fc.assert(
    fc.asyncProperty(fc.array(grammar, { maxLength: 30 }), fc.constantFrom(1, 5, 1000), async (pieces, chunk) => {
      const { open, server } = await world((e) => e.body.text().then((text) => e.reply(200, [], text)), {}, { chunk })
      const raw = await open()
      raw.connection.write(Buffer.from(pieces.join(''), 'latin1'))
      raw.connection.end()
      await settle(600)
      raw.connection.close()
      await settle(600)
      assert.equal(server.connections, 0)
    }),
    { numRuns: 150 },
  )
})
