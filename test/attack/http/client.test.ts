/** Servers that attack a client: poisoned pools (class 19), credentials lured away (class 18), strings that would split (class 2), bombs (class 8). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Client, type ClientOptions } from '../../../src/http/client/client.ts'
import {
  CookieJar,
  cache,
  cookies,
  decoding,
  HttpMisuse,
  type Layer,
  type RequestOptions,
  retries,
} from '../../../src/http/index.ts'
import { latin1, latin1Bytes } from '../../../src/http/machine/text.ts'
import { settle } from '../../../src/http/trial/machine.ts'
import { TestNetwork } from '../../../src/http/trial/network.ts'

const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nCache-Control: max-age=999\r\n\r\npoison'
const CLEAN = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nclean'

/** A server that answers the first request with these pieces, one after another, and all later ones with CLEAN. */
async function hostile(pieces: readonly string[], options: ClientOptions = {}) {
  const network = new TestNetwork()
  const web = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, web.clock)
  let requests = 0
  const heard: string[] = []
  await web.listen({ address: '10.0.0.80', port: 80 }, (connection) => {
    connection.attach({
      onData(bytes) {
        heard.push(latin1(bytes))
        if (!latin1(bytes).includes('HTTP/1.1\r\n')) return
        if (requests++ > 0) connection.write(latin1Bytes(CLEAN))
        else void say(connection.write.bind(connection), pieces)
      },
      onEnd: () => connection.end(),
      onDrain() {},
      onClose() {},
    })
  })
  return { network, clock: web.clock, heard, client: new Client(laptop, options) }
}

async function say(write: (bytes: Uint8Array) => boolean, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    write(latin1Bytes(piece))
    await settle(40)
  }
}

const get: RequestOptions = {}
const head: RequestOptions = { method: 'HEAD' }
const put: RequestOptions = { method: 'PUT', body: 'x'.repeat(10), expectContinue: true }

test('whatever comes with or after a reply is never the reply to another request', async () => {
  const firsts: [name: string, request: RequestOptions, reply: string][] = [
    ['GET', get, 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na'],
    ['HEAD with content', head, 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na'],
    ['HEAD in chunks', head, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'],
    ['HEAD alone', head, 'HTTP/1.1 200 OK\r\nContent-Length: 78\r\n\r\n'],
    ['204 with content', get, 'HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\na'],
    ['204 alone', get, 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['304 with content', get, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\n\r\na'],
    ['304 alone', get, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 78\r\n\r\n'],
    ['chunks', get, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'],
    ['two lengths', get, 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na'],
    ['length and chunks', get, 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['100 nobody asked for', get, 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na'],
    ['101 nobody asked for', get, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['a flood of 1xx', get, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(40)],
    ['refused before its body', put, 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'],
    [
      'refused, and 100 after all',
      put,
      'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n',
    ],
    ['half a head', get, 'HTTP/1.1 200 OK\r\nContent-Le'],
  ]
  for (const [name, request, reply] of firsts)
    for (const pieces of [[reply + POISON], [reply, POISON], [...reply, ...POISON].map(String)]) {
      if (pieces.length > 400) pieces.splice(0, pieces.length, `${reply}${POISON}`)
      for (const layers of [
        [],
        [cookies(new CookieJar()), cache(), retries({ attempts: 1 }), decoding()],
      ] as Layer[][]) {
        const { client, clock, network } = await hostile(pieces, { layers })
        const first = client
          .request('http://web/one', request)
          .then(async (got) => `${got.status} ${await got.body.text()}`)
          .catch((error: Error) => error.name)
        await settle(200)
        const second = client.request('http://web/two').then(async (got) => `${got.status} ${await got.body.text()}`)
        second.catch(() => {})
        await clock.advance(130_000_000_000)
        assert.doesNotMatch(await first, /poison/, name)
        assert.equal(await second.catch(String), '200 clean', name)
        client.close()
        await clock.advance(10_000_000_000)
        assert.equal(network.open, 0, name)
      }
    }
})

test('credentials do not follow to another origin: by name, port or scheme, whoever gave them', async () => {
  const places = ['http://evil/', 'http://web:8080/', '//evil/x', 'http://web@evil/', 'http://web.evil/', '\\\\evil\\x']
  for (const place of places) {
    const network = new TestNetwork()
    const clock = network.host('laptop', '10.0.0.2').clock
    const heard: string[] = []
    for (const [name, address, port] of [
      ['web', '10.0.0.80', 80],
      ['web', '10.0.0.80', 8080],
      ['evil', '10.0.0.66', 80],
      ['web.evil', '10.0.0.67', 80],
    ] as const) {
      const host = network.host(name, address, {}, undefined, clock)
      await host.listen({ address, port }, (connection) =>
        connection.attach({
          onData(bytes) {
            const first = name === 'web' && port === 80
            if (!first) heard.push(latin1(bytes))
            const cookie = 'Set-Cookie: jar=mine\r\nSet-Cookie: wide=1; Domain=evil\r\n'
            const location = `Location: ${place}\r\n${cookie}`
            const text = first ? `302 Found\r\n${location}` : '200 OK\r\n'
            connection.write(latin1Bytes(`HTTP/1.1 ${text}Content-Length: 0\r\nConnection: close\r\n\r\n`))
          },
          onEnd: () => connection.end(),
          onDrain() {},
          onClose() {},
        }),
      )
    }
    const laptop = network.host('laptop', '10.0.0.2', {}, undefined, clock)
    const client = new Client(laptop, { layers: [cookies(new CookieJar())] })
    const fields = ['Authorization', 'SECRET', 'Cookie', 'a=SECRET', 'X-Mine', '1']
    const done = client.request('http://web/', { fields, redirect: 'follow' }).then(
      ({ status }) => status,
      (error: Error) => error.message,
    )
    await clock.advance(1_000_000_000)
    const result = await done
    assert.ok(heard.length === 1 || /redirects to/.test(String(result)), `${place}: ${result}`)
    // A jar knows no ports (RFC 6265bis §8.5); the program's own fields do.
    for (const request of heard) {
      assert.doesNotMatch(request, /SECRET|wide/, place)
      if (!place.includes(':8080')) assert.doesNotMatch(request, /jar=mine/, place)
    }
  }
})

test('no string of a program splits what is written: CR, LF, NUL, and what would become them', async () => {
  const evil = ['a\r\nX: y', 'a\nb', 'a\rb', 'a\0b', 'a\u010ab', 'a\u{1f30a}']
  const ways: ((text: string, client: Client) => Promise<unknown>)[] = [
    (text, client) => client.request('http://web/', { fields: ['X', text] }),
    (text, client) => client.request('http://web/', { fields: [text, 'x'] }),
    (text, client) => client.request('http://web/', { method: text }),
    (text, client) => client.request('http://web/', { target: `/${text}` }),
    (text, client) => client.request('http://web/', { fields: ['Cookie', text] }),
    (text, client) => client.upgrade('http://web/', text),
    async (text, { host }) =>
      new Client(host, { proxy: { url: 'http://web:80', fields: ['X-Proxy', text] } }).request('http://x/'),
  ]
  for (const [index, way] of ways.entries())
    for (const text of evil) {
      const { client, heard } = await hostile([CLEAN])
      await assert.rejects(
        async () => way(text, client),
        (error) => error instanceof HttpMisuse,
        `${index} ${JSON.stringify(text)}`,
      )
      await settle(20)
      assert.deepEqual(heard, [])
    }
})

test('a server cannot fill a client: cookies, redirects, bombs', async () => {
  const lines = Array.from({ length: 500 }, (_, i) => `Set-Cookie: c${i}=${'x'.repeat(50)}\r\n`).join('')
  const jar = new CookieJar()
  const many = await hostile([`HTTP/1.1 200 OK\r\n${lines}Content-Length: 0\r\n\r\n`], { layers: [cookies(jar)] })
  await (await many.client.request('http://web/')).body.text()
  assert.ok(jar.size <= 180)
  const bomb = gzipSync(new Uint8Array(20_000_000))
  const zipped = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n${bomb.toString('latin1')}`
  const small = await hostile([zipped], { layers: [cache(), decoding({ limit: 100_000 })] })
  await assert.rejects((await small.client.request('http://web/')).body.text(), { code: 'HTTP_BODY_TOO_LARGE' })
})
