/** Routes that are WebSockets: guards, sessions, parameters, schemas, whose pages may open them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnySchema } from '../../base/standard-schema.ts'
import type { Failure } from '../ground/log.ts'
import {
  app,
  currentSite,
  type Site,
  SocketRefused,
  testClient,
  WebSocketGroup,
  type WebSocketMessage,
} from '../index.ts'

const quiet = { log: () => {} }

/** The next message; null when there is none any more. */
async function next(socket: AsyncIterable<unknown>): Promise<unknown> {
  for await (const message of socket) return message
  return null
}

function status(opening: Promise<unknown>): Promise<number> {
  return opening.then(
    () => 101,
    (error: unknown) => {
      assert.ok(error instanceof SocketRefused, String(error))
      return error.response.status
    },
  )
}

/** A schema by hand, as Zod and others make them. */
const saying: AnySchema<{ say: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => {
      const said = (value as { say?: unknown } | null)?.say
      return typeof said === 'string'
        ? { value: { say: said } }
        : { issues: [{ message: 'must be text', path: ['say'] }] }
    },
  },
}

test('a route with parameters talks, by a loop or by a handler, and the subprotocol is agreed upon', async () => {
  const site = app(quiet)
  site.websocket('/rooms/{room:int}', async (c, socket) => {
    const room: number = c.params.room
    for await (const message of socket) socket.send(`${room}: ${message}`)
  })
  site.websocket(
    '/called',
    (_c, socket) => {
      socket.onMessage = (message: WebSocketMessage) => void socket.send(message)
    },
    { protocols: ['v2', 'v1'] },
  )
  const web = testClient(site)
  const socket = await web.websocket('/rooms/7')
  socket.send('hello')
  assert.equal(await next(socket), '7: hello')
  assert.equal((await socket.closed).code, 1000)
  const called = await web.websocket('/called', { protocols: ['v1', 'v2'] })
  assert.equal(called.protocol, 'v2')
  called.send(new Uint8Array([1, 2]))
  assert.deepEqual(await next(called), new Uint8Array([1, 2]))
  assert.equal(await status(web.websocket('/rooms/seven')), 404)
  const plain = await web.get('/called')
  assert.deepEqual([plain.status, plain.headers.get('upgrade')], [426, 'websocket'])
})

test('guards and sessions hold before it opens; the user is who has signed in', async () => {
  const site: Site<{ id: string }> = app({
    ...quiet,
    secret: 'a secret that only tests may know!',
    users: (id: unknown) => ({ id: String(id) }),
  })
  site.signedIn((members) => {
    members.websocket('/chat', (c, socket) => void socket.send(`welcome, ${c.user.id}`))
  })
  const web = testClient(site)
  assert.equal(await status(web.websocket('/chat', { headers: { accept: '*/*' } })), 401)
  await web.login({ id: 'ada' })
  assert.equal(await next(await web.websocket('/chat')), 'welcome, ada')
})

test('pages of other sites cannot open it with a cookie, and programs without one can', async () => {
  const site = app({ ...quiet, trustedOrigins: ['https://pay.example'] })
  site.websocket('/open', (_c, socket) => void socket.send('in'))
  site.websocket('/any', (_c, socket) => void socket.send('in'), { dangerouslyWithoutCsrf: true })
  const web = testClient(site)
  const from = (path: string, origin: string, fetchSite = '') =>
    status(web.websocket(path, { headers: { origin, 'sec-fetch-site': fetchSite } }))
  assert.equal(await from('/open', 'http://localhost'), 101)
  assert.equal(await from('/open', ''), 101)
  assert.equal(await from('/open', 'https://pay.example'), 101)
  for (const other of ['http://evil.example', 'null', 'http://localhost.evil'])
    assert.equal(await from('/open', other), 403)
  assert.equal(await from('/open', '', 'cross-site'), 403)
  assert.equal(await from('/any', 'http://evil.example', 'cross-site'), 101)
})

test('with a schema, messages are values; what it refuses closes with 1007', async () => {
  const site = app(quiet)
  site.websocket(
    '/typed',
    async (_c, socket) => {
      for await (const { say } of socket) socket.send({ heard: say.toUpperCase() })
    },
    { receives: saying },
  )
  site.websocket(
    '/called',
    (_c, socket) => {
      socket.onMessage = ({ say }) => void socket.send({ heard: say })
    },
    { receives: saying },
  )
  const web = testClient(site)
  for (const path of ['/typed', '/called']) {
    const socket = await web.websocket(path)
    socket.send('{"say":"hi"}')
    assert.match(String(await next(socket)), /^\{"heard":"hi"\}$/i)
    for (const [bad, why] of [
      ['{"say":1}', 'say: must be text'],
      ['{', 'the message is not JSON'],
      [new Uint8Array(2), 'the message is binary, not JSON'],
    ] as const) {
      const refused = await web.websocket(path)
      refused.onMessage = () => {}
      refused.send(bad)
      const { code, reason } = await refused.closed
      assert.deepEqual([code, reason], [1007, why])
    }
  }
})

test('handlers run in the surroundings of their request, and what they throw is logged', async () => {
  const failures: Failure[] = []
  const site = app({ log: (failure) => void failures.push(failure) })
  const seen: unknown[] = []
  site.websocket('/here', (_c, socket) => {
    socket.onMessage = (message) => {
      seen.push(currentSite())
      if (message === 'throw') throw new Error('thrown')
    }
    socket.onClose = () => void seen.push(currentSite())
  })
  site.websocket('/late', async () => {
    await null
    throw new Error('late')
  })
  const web = testClient(site)
  const socket = await web.websocket('/here')
  socket.onMessage = () => {}
  socket.send('x')
  socket.send('throw')
  assert.equal((await socket.closed).code, 1011)
  const late = await web.websocket('/late')
  late.onMessage = () => {}
  assert.equal((await late.closed).code, 1011)
  assert.deepEqual(seen, [site, site, site])
  assert.deepEqual(
    failures.map(({ error, path }) => [(error as Error).message, path]),
    [
      ['thrown', '/here'],
      ['late', '/late'],
    ],
  )
})

test('a hook before sees the request and its cookies go with the handshake; a group tells all who are in it', async () => {
  const site = app(quiet)
  const room = new WebSocketGroup()
  site.before((c) => void c.setHeader('X-Hooked', c.path))
  site.get('/either', (c) => (!c.query.has('plain') ? c.websocket((socket) => void room.add(socket)) : 'plain'))
  const web = testClient(site)
  assert.equal((await web.get('/either?plain')).text, 'plain')
  assert.equal((await web.get('/either')).headers.get('x-hooked'), '/either')
  const members = [await web.websocket('/either'), await web.websocket('/either')]
  assert.equal(room.send('to all'), 2)
  assert.deepEqual(await Promise.all(members.map(next)), ['to all', 'to all'])
})
