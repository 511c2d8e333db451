/**
 * Attacks on a proxy and through it: what reaches an upstream is framed by the proxy and by nobody else, and what one upstream
 * sends too much reaches nobody.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Handler, reverseProxy, serve } from '../../../src/http/index.ts'
import { settle } from '../../../src/http/trial/machine.ts'
import { TestNetwork } from '../../../src/http/trial/network.ts'
import { RawClient } from '../../../src/http/trial/raw.ts'
import { HostDecorator } from '../../../src/socket/index.ts'
import { parseCases } from '../../conformance/llhttp/cases.ts'
import { corpus } from '../../fuzz/corpus.ts'
import { damage, damaged, nodeReading, ourReading, ourReplies, replies, stream } from '../../fuzz/http/messages.ts'
import { conformancePath, needConformance } from '../../need.ts'

const RUNS = Number(process.env['RETICLE_FUZZ_RUNS'] ?? 120)

interface Through {
  /** The octets of each connection to the upstream. */
  readonly upstream: string[]
  /** Method and body of each request as the upstream's handler has got it. */
  readonly handled: string[]
  /** What the client got. */
  readonly client: string
  readonly errors: unknown[]
}

/** Sends octets through a proxy to an upstream that answers everything. */
async function through(octets: string): Promise<Through> {
  const network = new TestNetwork()
  const edge = network.host('edge', '10.0.0.1')
  const app = network.host('app', '10.0.0.9', {}, undefined, edge.clock)
  const upstream: string[] = []
  const handled: string[] = []
  const errors: unknown[] = []
  const onError = (error: unknown) => void errors.push(error)
  class Tapped extends HostDecorator {
    override async connect(...to: Parameters<typeof edge.connect>) {
      const connection = await super.connect(...to)
      const place = upstream.push('') - 1
      const write = connection.write.bind(connection)
      connection.write = (bytes) => {
        upstream[place] += Buffer.from(bytes).toString('latin1')
        return write(bytes)
      }
      return connection
    }
  }
  const answer: Handler = async (e) => {
    const body = Buffer.from(await e.body.bytes()).toString('latin1')
    handled.push(JSON.stringify([e.method, body]))
    e.reply(200, [], 'ok')
  }
  await serve(app, answer, { port: 3000, address: '10.0.0.9', onError })
  const server = await serve(edge, reverseProxy(new Tapped(edge), { to: 'http://10.0.0.9:3000', name: 'edge' }), {
    port: 80,
    onError,
  })
  const raw = await RawClient.open(network.host('laptop', '203.0.113.9', {}, undefined, edge.clock), server.local)
  raw.connection.write(Buffer.from(octets, 'latin1'))
  await settle(600)
  return { upstream, handled, client: raw.text, errors }
}

/** Every octet that has reached an upstream belongs to a request that others read in the same way. */
async function checkWhatArrives(octets: string): Promise<void> {
  const { upstream, handled, errors } = await through(octets)
  assert.deepEqual(
    errors.filter((error) => !/body|closed/.test(String(error))),
    [],
  )
  const sent = ourReading(Buffer.from(octets, 'latin1'), [], false).messages.map((message) => {
    const [method, , , , body] = JSON.parse(message) as [string, string, string, string[], string]
    return JSON.stringify([method, body])
  })
  const arrived: string[] = []
  for (const text of upstream) {
    const bytes = Buffer.from(text, 'latin1')
    const theirs = await nodeReading(bytes)
    // A request whose body broke off at the client breaks off here, and nothing follows.
    assert.match(
      theirs.refused,
      /^$|aborted|EOF|^Parse Error$|cut short|Invalid method|Expected space after method/,
      text,
    )
    const own = ourReading(bytes, [], false)
    assert.match(own.refused, /^$|cut short/, text)
    for (const message of own.messages) {
      const [method, , version, fields, body] = JSON.parse(message) as [string, string, string, string[], string]
      arrived.push(JSON.stringify([method, body]))
      const names = fields.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
      assert.equal(version, '1.1')
      assert.ok(names.filter((name) => name === 'content-length' || name === 'transfer-encoding').length <= 1, text)
      assert.equal(names.filter((name) => name === 'host').length, 1, text)
      assert.equal(names.filter((name) => name === 'via').length, 1, text)
      for (const name of ['te', 'expect', 'keep-alive', 'http2-settings']) assert.ok(!names.includes(name), text)
      // The one protocol that may be asked for.
      const hop = fields.filter((_, i) => /^(?:connection|upgrade)$/i.test(fields[i - (i % 2)]!))
      assert.ok(hop.length === 0 || hop.join().toLowerCase() === 'connection,upgrade,upgrade,websocket', hop.join())
    }
  }
  // In whichever order several connections carried them.
  for (const one of handled) assert.ok(arrived.includes(one), one)
  for (const one of arrived)
    assert.ok(sent.includes(one), `${one} arrived, and was not sent: ${JSON.stringify(octets)}`)
  assert.ok(arrived.length <= sent.length)
}

test('what reaches an upstream is what the client has sent, framed anew, or nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(stream, damaged), (octets) => checkWhatArrives(octets)),
    { numRuns: RUNS, ...corpus<[string]>('proxy-requests') },
  )
})

test("llhttp's requests through the proxy: well-formed or nothing", { skip: needConformance('llhttp') }, async () => {
  const folder = conformancePath('llhttp')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'))
  let count = 0
  for (const file of files)
    for (const { type, bytes } of parseCases(file, readFileSync(join(folder, file), 'utf8'))) {
      if (!type.startsWith('request')) continue
      await checkWhatArrives(bytes.toString('latin1'))
      count++
    }
  assert.ok(count > 140, `${count} cases`)
})

test('smuggling: the vectors of a decade, and where they must not lead', async () => {
  const inner = 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n'
  const post = (fields: string, body: string) => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`
  const length = inner.length
  for (const octets of [
    post(`Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${inner}`),
    post(`Transfer-Encoding: chunked\r\nContent-Length: ${length}\r\n`, `0\r\n\r\n${inner}`),
    post('Content-Length: 0\r\nContent-Length: 44\r\n', inner),
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', `0\r\n\r\n${inner}`),
    post('Transfer-Encoding: \x0bchunked\r\n', `0\r\n\r\n${inner}`),
    post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${inner}`),
    post('Transfer_Encoding: chunked\r\n', ''),
    post('Content_Length: 44\r\n', ''),
    post('Connection: Content-Length\r\nContent-Length: 6\r\n', '000000'),
    post('Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    post('Connection: Host\r\nContent-Length: 1\r\n', 'x'),
    post('Transfer-Encoding: chunked\r\n', `1;\n${inner}\r\nx\r\n0\r\n\r\n`),
    post('Transfer-Encoding: chunked\r\n', `2\r\nxx${inner}0\r\n\r\n`),
    post('Transfer-Encoding: chunked\r\n', `0\r\nContent-Length: 44\r\n\r\n${inner}`),
    `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${inner}`,
    `GET / HTTP/1.1\r\nHost: a\r\nX: y\rGET /admin HTTP/1.1\r\n\r\n`,
    `GET / HTTP/1.1\nHost: a\n\n`,
    `GET http://a/ HTTP/1.1\r\nHost: b\r\nHost: c\r\n\r\n`,
    `GET /x\x01 HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
  ]) {
    await checkWhatArrives(octets)
    const { upstream } = await through(octets)
    const admin = upstream.join('').match(/^GET \/admin/gm)?.length ?? 0
    // Where the request is right, what follows it is the next one; as a body it is a body.
    assert.equal(admin, 0 + Number(/^GET .*Content-Length/s.test(octets)), JSON.stringify(octets))
  }
})

/** Two clients after one another at a proxy whose upstream sends just what it is told. */
async function poisoned(reply: (count: number) => string, requests: readonly string[]): Promise<string[]> {
  const network = new TestNetwork()
  const edge = network.host('edge', '10.0.0.1')
  const app = network.host('app', '10.0.0.9', {}, undefined, edge.clock)
  let count = 0
  await app.listen({ address: '10.0.0.9', port: 3000 }, (connection) => {
    connection.attach({
      onData: () => void connection.write(Buffer.from(reply(count++), 'latin1')),
      onEnd: () => connection.close(),
      onDrain() {},
      onClose() {},
    })
  })
  const server = await serve(edge, reverseProxy(edge, { to: 'http://10.0.0.9:3000' }), { port: 80, onError() {} })
  const texts: string[] = []
  for (const request of requests) {
    const raw = await RawClient.open(network.host('laptop', '203.0.113.9', {}, undefined, edge.clock), server.local)
    texts.push(await raw.send(request))
  }
  return texts
}

test('what an upstream sends too much reaches no other client', async () => {
  const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL'
  const good = (count: number) => `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ngood${count}`
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  const head = 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n'
  const cases: readonly (readonly [first: string, request: string])[] = [
    [`${good(0)}${evil}`, get],
    [`HTTP/1.1 204 No Content\r\n\r\n${evil}`, get],
    [`HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n${evil}`, get],
    [`HTTP/1.1 200 OK\r\nContent-Length: ${evil.length}\r\n\r\n${evil}`, head],
    [`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${evil}`, get],
    [`HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n${evil}`, get],
  ]
  for (const [first, request] of cases) {
    const [, second] = await poisoned((count) => (count === 0 ? first : good(count)), [request, get])
    assert.match(second!, /good1$/, JSON.stringify(first))
    assert.doesNotMatch(second!, /EVIL/)
  }
  // More interim replies than anybody needs are no reply.
  const [flooded] = await poisoned(() => 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000), [get])
  assert.match(flooded!, /HTTP\/1.1 502 Bad Gateway/)
})

test('whatever an upstream sends, the client gets whole replies of its own, or the end of the connection', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(replies, damage(replies)), async (text) => {
      const [got = ''] = await poisoned(() => text, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'])
      const events = ourReplies(Buffer.from(got, 'latin1'))
      assert.ok(
        !events.some((line) => / at byte \d+$/.test(line)),
        `${JSON.stringify(text)} became ${JSON.stringify(got)}`,
      )
      const finals = events.filter((line) => /^\[[2-9]\d\d,/.test(line))
      assert.ok(finals.length <= 1, JSON.stringify(got))
    }),
    { numRuns: RUNS, ...corpus<[string]>('proxy-replies') },
  )
})
