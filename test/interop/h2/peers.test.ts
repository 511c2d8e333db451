/** HTTP/2 with prior knowledge: curl, nghttp, h2load and `node:http2` against our server, our client against `node:http2`. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http2, { type ClientHttp2Session, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { Client, type ClientOptions, type Handler, type ServeOptions, serve } from '../../../src/http/index.ts'
import { type DriverName, kernelHost } from '../../../src/kernel/index.ts'
import { needCommand } from '../../need.ts'

const run = promisify(execFile)
const LARGE = new Uint8Array(3_000_000).map((_, i) => i * 7)

/** Says what it was asked, and gives back what it was sent. */
const mirror: Handler = async (exchange) => {
  if (exchange.path === '/large') return exchange.reply(200, [], LARGE)
  if (exchange.protocol === 'echo') {
    exchange.upgrade(200, [], (connection) => ({
      onData: (bytes) => void connection.write(bytes),
      onEnd: () => connection.end(),
      onDrain() {},
      onClose() {},
    }))
    return
  }
  exchange.inform(103, ['Link', '</style.css>; rel=preload'])
  const content = await exchange.body.bytes()
  const reply = exchange.start(200, ['X-Seen', `${exchange.method} ${exchange.target} ${exchange.version}`])
  for (let at = 0; at < content.length; at += 50_000)
    if (!reply.write(content.subarray(at, at + 50_000))) await reply.ready()
  reply.end(['X-Length', String(content.length)])
}

function drivers(): DriverName[] {
  try {
    kernelHost({ driver: 'uring' })
    return ['node', 'uring']
  } catch {
    return ['node']
  }
}

async function served(t: TestContext, driver: DriverName, options: ServeOptions = {}) {
  const server = await serve(kernelHost({ driver }), mirror, { address: '127.0.0.1', port: 0, ...options })
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.local as { port: number }).port}`
}

for (const driver of drivers()) {
  test(`curl, nghttp and h2load over ${driver}`, { skip: needCommand('curl', 'nghttp', 'h2load') }, async (t) => {
    const base = await served(t, driver)
    const folder = mkdtempSync(join(tmpdir(), 'reticle-h2-'))
    t.after(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'large'), LARGE)
    const curl = async (...args: string[]) => {
      const settings = ['-sS', '--max-time', '20', '--http2-prior-knowledge', ...args]
      return (await run('curl', settings, { maxBuffer: 1 << 23, encoding: 'buffer' })).stdout
    }
    assert.match(
      String(await curl('-i', `${base}/a?b=c`)),
      /^HTTP\/2 103 .*HTTP\/2 200 .*x-seen: GET \/a\?b=c HTTP\/2/s,
    )
    assert.match(String(await curl('-I', `${base}/`)), /x-seen: HEAD \/ HTTP\/2/)
    assert.deepEqual(new Uint8Array(await curl(`${base}/large`)), LARGE)
    assert.deepEqual(new Uint8Array(await curl('-T', join(folder, 'large'), `${base}/in`)), LARGE)
    const { stdout } = await run('nghttp', [
      '-ns',
      '-d',
      join(folder, 'large'),
      '-m',
      '5',
      '-p',
      '200',
      '--trailer=x-t: 1',
      `${base}/in`,
    ])
    assert.match(stdout, / 200 +2M /)
    const load = await run('h2load', ['-n', '4000', '-c', '20', '-m', '20', `${base}/`])
    assert.match(load.stdout, /4000 total, 4000 started, 4000 done, 4000 succeeded, 0 failed/)
    // Windows of 1 KB, so that flow control has to do.
    const narrow = await run('h2load', ['-n', '4', '-c', '2', '-m', '2', '-w', '10', '-W', '10', `${base}/large`])
    assert.match(narrow.stdout, /4 done, 4 succeeded, 0 failed/)
    const upload = await run('h2load', ['-n', '20', '-c', '2', '-m', '5', '-d', join(folder, 'large'), `${base}/in`])
    assert.match(upload.stdout, /20 done, 20 succeeded, 0 failed/)
  })

  test(`the client of node:http2 over ${driver}`, async (t) => {
    const session = http2.connect(await served(t, driver))
    t.after(() => session.destroy())
    await talk(session)
    await promisify(session.ping.bind(session))()
  })

  test(`the server of node:http2, over ${driver}`, async (t) => {
    const { client, base } = await toNode(t, driver)
    const informed: number[] = []
    const reply = await client.request(`${base}/a?b=c`, {
      method: 'POST',
      body: LARGE,
      onInformation: (status) => void informed.push(status),
    })
    assert.deepEqual(
      [reply.status, reply.version, reply.header('x-seen'), informed],
      [200, 'HTTP/2', 'POST /a?b=c', [103]],
    )
    assert.deepEqual(await reply.body.bytes(), LARGE)
    assert.deepEqual(reply.body.trailers, ['x-length', String(LARGE.length)])
    const head = await client.request(`${base}/`, { method: 'HEAD' })
    assert.deepEqual([head.status, await head.body.text()], [200, ''])
    const many = await Promise.all(
      Array.from({ length: 300 }, async (_, i) =>
        (await client.request(`${base}/${i}`, { method: 'PUT', body: `${i}` })).body.text(),
      ),
    )
    assert.deepEqual(
      many,
      Array.from({ length: 300 }, (_, i) => String(i)),
    )
    assert.equal(client.connections, 1)
  })
}

async function talk(session: ClientHttp2Session): Promise<void> {
  const ask = async (
    headers: http2.OutgoingHttpHeaders,
    content?: Uint8Array | string,
    trailers?: http2.OutgoingHttpHeaders,
  ) => {
    const stream = session.request(headers, {
      waitForTrailers: trailers !== undefined,
      endStream: content === undefined,
    })
    const got: Uint8Array[] = []
    let ending: unknown
    stream.on('data', (piece: Uint8Array) => got.push(piece))
    stream.on('trailers', (fields) => {
      ending = fields['x-length']
    })
    if (trailers !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    if (content !== undefined) stream.end(content)
    const [fields] = await once(stream, 'response')
    await once(stream, 'close')
    return { fields, content: Buffer.concat(got), trailers: ending }
  }
  const plain = await ask({ ':path': '/x?y', cookie: 'a=1; b=2', authorization: 'Basic abc' })
  assert.deepEqual([plain.fields[':status'], plain.fields['x-seen']], [200, 'GET /x?y HTTP/2'])
  const echoed = await ask({ ':method': 'POST', ':path': '/' }, LARGE, { 'x-end': '1' })
  assert.ok(echoed.content.equals(LARGE))
  assert.equal(echoed.trailers, String(LARGE.length))
  const many = await Promise.all(
    Array.from({ length: 120 }, (_, i) => ask({ ':method': 'PUT', ':path': `/${i}` }, `content ${i}`)),
  )
  for (const [i, { content }] of many.entries()) assert.equal(String(content), `content ${i}`)
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'echo',
    ':path': '/',
    ':scheme': 'http',
    ':authority': 'web',
  })
  stream.write('through')
  const [piece] = await once(stream, 'data')
  assert.equal(String(piece), 'through')
  stream.end()
  await once(stream, 'close')
}

/** `node:http2`'s own server, which mirrors too. */
async function toNode(
  t: TestContext,
  driver: DriverName,
  settings: http2.ServerOptions = {},
  options: ClientOptions = {},
) {
  const server: Http2Server = http2.createServer({ settings: { enableConnectProtocol: true }, ...settings })
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    if (headers[':protocol'] === 'echo') {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
      return
    }
    const got: Uint8Array[] = []
    stream.additionalHeaders({ ':status': 103, link: '</a>' })
    stream.on('data', (piece: Uint8Array) => got.push(piece))
    stream.on('error', () => {})
    stream.on('end', () => {
      const content = Buffer.concat(got)
      stream.respond(
        { ':status': 200, 'x-seen': `${headers[':method']} ${headers[':path']}` },
        { waitForTrailers: true },
      )
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-length': String(content.length) }))
      stream.end(headers[':method'] === 'HEAD' ? undefined : content)
    })
  })
  const sessions: http2.ServerHttp2Session[] = []
  server.on('session', (session) => sessions.push(session))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new Client(kernelHost({ driver }), { http2: 'prior knowledge', ...options })
  t.after(() => {
    client.close()
    for (const session of sessions) session.destroy()
    server.close()
  })
  return { client, sessions, base: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('extended CONNECT to node:http2', async (t) => {
  const { client, base } = await toNode(t, 'node')
  const { connection } = await client.upgrade(`${base}/chat`, 'echo')
  const heard = new Promise<string>((resolve) => {
    let text = ''
    connection.attach({
      onData: (bytes) => void (text += Buffer.from(bytes)),
      onEnd: () => resolve(text),
      onDrain() {},
      onClose() {},
    })
  })
  connection.write(Buffer.from('through and '))
  connection.write(Buffer.from('back'))
  connection.end()
  assert.equal(await heard, 'through and back')
})

test('a node:http2 server that takes two at once, and one that leaves in the middle', async (t) => {
  const { client, base, sessions } = await toNode(t, 'node', { settings: { maxConcurrentStreams: 2 } })
  const ask = async (i: number) =>
    (await client.request(`${base}/${i}`, { method: 'POST', body: String(i) })).body.text()
  const first = await Promise.all(Array.from({ length: 30 }, (_, i) => ask(i)))
  assert.equal(first.length, 30)
  const second = Array.from({ length: 30 }, (_, i) => ask(i))
  sessions[0]!.close()
  assert.deepEqual(
    await Promise.all(second),
    Array.from({ length: 30 }, (_, i) => String(i)),
  )
})
