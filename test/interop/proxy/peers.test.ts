/** The proxy between others' programs: curl before it, nginx behind it, and the PROXY protocol with both. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import {
  forwardProxy,
  type Handler,
  type HttpServer,
  reverseProxy,
  type ServeOptions,
  serve,
} from '../../../src/http/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'
import { type Host, proxied } from '../../../src/socket/index.ts'
import { needCommand } from '../../need.ts'
import { folder, freePort, nginx } from './world.ts'

const run = promisify(execFile)
const LOOPBACK = { address: '127.0.0.1', port: 0 } as const

async function curl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('curl', ['-sS', '--max-time', '20', ...args], { maxBuffer: 1 << 26 })
  return stdout
}

async function serving(t: TestContext, host: Host, handler: Handler, options: ServeOptions = {}): Promise<string> {
  const server: HttpServer = await serve(host, handler, { ...LOOPBACK, ...options })
  t.after(() => server.close())
  return `http://127.0.0.1:${server.local.port}`
}

const echo: Handler = async (e) => {
  const bytes = await e.body.bytes()
  const sum = createHash('sha256').update(bytes).digest('hex')
  e.reply(
    200,
    ['X-Method', e.method],
    `${e.method} ${e.target} ${bytes.length} ${sum} ${e.header('x-forwarded-for')} ${e.header('te')}\n`,
  )
}

test('curl through the proxy: methods, uploads in both framings, Expect, HTTP/1.0, HTTP/2', {
  skip: needCommand('curl'),
}, async (t) => {
  const host = kernelHost()
  const app = await serving(t, host, echo)
  const front = reverseProxy(host, { to: app })
  t.after(() => front.end())
  const edge = await serving(t, host, front)
  const file = join(folder(t), 'upload')
  const bytes = randomBytes(3_000_000)
  writeFileSync(file, bytes)
  const sum = createHash('sha256').update(bytes).digest('hex')
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])
    assert.match(
      await curl('-X', method, `${edge}/a?b=c`),
      new RegExp(`^${method} /a\\?b=c 0 .* 127.0.0.1 undefined\n$`),
    )
  assert.match(await curl('-I', `${edge}/`), /^HTTP\/1.1 200 OK\r\n.*X-Method: HEAD.*Content-Length: \d+/s)
  for (const how of [
    ['-T', file],
    ['-T', file, '-H', 'Transfer-Encoding: chunked'],
    ['-T', file, '-H', 'Expect:'],
    ['--data-binary', `@${file}`, '-H', 'Expect: 100-continue'],
    ['-T', file, '--http2-prior-knowledge'],
    ['--data-binary', `@${file}`, '--http1.0'],
  ])
    assert.match(
      await curl(...how, `${edge}/`),
      new RegExp(`^(?:PUT|POST) /(?:upload)? 3000000 ${sum} `),
      how.join(' '),
    )
  assert.match(await curl('--http2-prior-knowledge', '-w', '%{http_version}', `${edge}/x`), /^GET \/x 0 .*\n2$/s)
  // A hundred on one connection, and a hundred at once.
  const many = await curl(`${edge}/[1-100]`)
  assert.equal(many.match(/^GET /gm)?.length, 100)
  const parallel = await curl('-Z', '--parallel-max', '50', `${edge}/[1-100]`)
  assert.equal(parallel.match(/^GET /gm)?.length, 100)
})

test('nginx behind the proxy: files, ranges, conditions, errors; kept connections that nginx closes', {
  skip: needCommand('nginx', 'curl'),
}, async (t) => {
  const port = await freePort()
  await nginx(
    t,
    `server { listen 127.0.0.1:${port}; keepalive_requests 3; root html;
      location = / { return 200 "home"; }
      location /who { return 200 "$http_x_forwarded_for $http_x_forwarded_proto $host"; }
      location /away { return 302 http://127.0.0.1:${port}/there; } }`,
    port,
  )
  const host = kernelHost()
  const front = reverseProxy(host, { to: `http://127.0.0.1:${port}` })
  t.after(() => front.end())
  const edge = await serving(t, host, front)
  assert.equal(await curl(`${edge}/`), 'home')
  assert.equal((await curl(`${edge}/file.txt`)).length, 200_000)
  assert.equal(await curl('-r', '0-4', '-w', ' %{http_code}', `${edge}/file.txt`), 'xxxxx 206')
  const etag = /etag: (.*)\r/i.exec(await curl('-I', `${edge}/file.txt`))![1]!
  assert.equal(await curl('-H', `If-None-Match: ${etag}`, '-w', '%{http_code}', `${edge}/file.txt`), '304')
  assert.equal(await curl('-o', '/dev/null', '-w', '%{http_code}', `${edge}/missing`), '404')
  assert.equal(await curl(`${edge}/who`), '127.0.0.1 http 127.0.0.1')
  assert.match(await curl('-I', `${edge}/away`), /Location: \/there\r/i)
  assert.equal(await curl(...Array.from({ length: 60 }, () => `${edge}/`)), 'home'.repeat(60))
})

test('nginx reads the PROXY header that is written for it, and curl writes one that is read', {
  skip: needCommand('nginx', 'curl'),
}, async (t) => {
  const [plain, port] = [await freePort(), await freePort()]
  await nginx(
    t,
    `server { listen 127.0.0.1:${plain}; location / { return 200 "up"; } }
     server { listen 127.0.0.1:${port} proxy_protocol; location / { return 200 "$proxy_protocol_addr $proxy_protocol_port"; } }`,
    plain,
  )
  for (const version of [1, 2] as const) {
    const client = { source: { address: '203.0.113.9', port: 4711 }, destination: { address: '192.0.2.1', port: 80 } }
    const host = proxied(kernelHost(), { send: version, header: () => client })
    const front = reverseProxy(host, { to: `http://127.0.0.1:${port}` })
    const edge = await serving(t, kernelHost(), front)
    assert.equal(await curl(`${edge}/`), '203.0.113.9 4711', `version ${version}`)
    front.end()
  }
  const behind = await serving(t, proxied(kernelHost(), { from: ['loopback'] }), (e) =>
    e.reply(200, [], `${e.remote.address === '127.0.0.1'} ${e.path}`),
  )
  assert.equal(await curl('--haproxy-protocol', `${behind}/x`), 'true /x')
  await assert.rejects(curl(`${behind}/x`), /Recv failure|Empty reply|reset/i)
})

test('curl by the forward proxy: whole URLs and tunnels, and no way into the house', {
  skip: needCommand('curl'),
}, async (t) => {
  const host = kernelHost()
  const app = await serving(t, host, echo)
  const port = Number(new URL(app).port)
  const open = forwardProxy(host, { ports: [port], dangerouslyReach: ['127.0.0.1'] })
  const closed = forwardProxy(host, { ports: [port] })
  t.after(() => {
    open.end()
    closed.end()
  })
  const proxy = await serving(t, host, open, { connect: open })
  const wall = await serving(t, host, closed, { connect: closed })
  assert.match(await curl('-x', proxy, `${app}/by`), /^GET \/by 0/)
  assert.match(await curl('-x', proxy, '-p', `${app}/through`), /^GET \/through 0/)
  assert.match(await curl('-x', proxy, '-d', 'abc', `${app}/`), /^POST \/ 3 /)
  assert.equal(await curl('-x', wall, '-o', '/dev/null', '-w', '%{http_code}', app), '403')
  await assert.rejects(curl('-x', wall, '-p', app), /403/)
})
