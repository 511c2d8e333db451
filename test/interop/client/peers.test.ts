/** The client and its layers against servers of others: nginx, node:http, Python's http.server, and a proxy by SOCKS and CONNECT. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  Client,
  type ClientOptions,
  CookieJar,
  cache,
  cookies,
  decoding,
  fetchOn,
  type Layer,
  retries,
} from '../../../src/http/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'
import { needCommand } from '../../need.ts'
import { folder, freePort, nginx, Program } from '../proxy/world.ts'

function clientOf(t: TestContext, options: ClientOptions = {}): Client {
  const client = new Client(kernelHost(), options)
  t.after(() => client.close())
  return client
}

test('nginx: kept connections, ranges and validation by the cache, gzip, cookies, redirects', {
  skip: needCommand('nginx'),
}, async (t) => {
  const port = await freePort()
  const http = `server { listen 127.0.0.1:${port}; root html; keepalive_requests 3; gzip on; gzip_min_length 1; gzip_types *; etag on;
    location /file.txt { add_header Cache-Control "max-age=0"; gzip off; }
    location /zip { default_type text/plain; return 200 "zipped zipped zipped zipped zipped zipped zipped"; }
    location /set { add_header Set-Cookie "id=7; Path=/"; return 302 /told; }
    location /told { return 200 "$http_cookie"; }
    location /slow { return 503; } }`
  await nginx(t, http, port)
  const base = `http://127.0.0.1:${port}`
  const wire: string[] = []
  const watching: Layer = (next) => async (request) => {
    const reply = await next(request)
    wire.push(`${request.url.pathname} ${reply.status} ${reply.header('content-encoding') ?? '-'}`)
    return reply
  }
  const client = clientOf(t, { layers: [cookies(new CookieJar()), cache(), decoding(), watching] })
  for (let i = 0; i < 10; i++) {
    const reply = await client.request(`${base}/file.txt`)
    assert.deepEqual([reply.status, (await reply.body.bytes()).length], [200, 200_000])
  }
  assert.deepEqual(wire.splice(0), ['/file.txt 200 -', ...Array(9).fill('/file.txt 304 -')])
  const part = await client.request(`${base}/file.txt`, { fields: ['Range', 'bytes=5-9'] })
  assert.deepEqual([part.status, await part.body.text()], [206, 'xxxxx'])
  const zipped = await client.request(`${base}/zip`)
  assert.equal(zipped.header('content-encoding'), undefined)
  assert.equal(wire.at(-1), '/zip 200 gzip')
  assert.match(await zipped.body.text(), /^(zipped ?){7}$/)
  const told = await client.request(`${base}/set`, { redirect: 'follow' })
  assert.equal(await told.body.text(), 'id=7')
  assert.equal((await client.request(`${base}/file.txt`, { method: 'HEAD' })).header('content-length'), '200000')
  const retried: number[] = []
  const patient = clientOf(t, { layers: [retries({ onRetry: ({ attempt }) => void retried.push(attempt) })] })
  const late = await patient.request(`${base}/slow`)
  late.body.discard()
  assert.deepEqual([late.status, retried], [503, [2, 3]])
})

test('node:http: Expect, uploads with progress, and a POST that is refused before its body', async (t) => {
  let bodies = 0
  const server = createServer(async (request, reply) => {
    const hash = createHash('sha256')
    for await (const piece of request) hash.update(piece)
    bodies++
    reply.end(hash.digest('hex'))
  })
  server.on('checkContinue', (request, reply) => {
    if (request.url === '/no') reply.writeHead(413, { Connection: 'close' }).end('too large')
    else {
      reply.writeContinue()
      server.emit('request', request, reply)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = clientOf(t)
  const body = randomBytes(3_000_000)
  const told: number[] = []
  const taken = await client.request(`${base}/yes`, {
    method: 'POST',
    body,
    expectContinue: true,
    onProgress: ({ direction, bytes }) => void (direction === 'upload' && told.push(bytes)),
  })
  assert.equal(await taken.body.text(), createHash('sha256').update(body).digest('hex'))
  assert.equal(told.at(-1), body.length)
  const refused = await client.request(`${base}/no`, { method: 'POST', body, expectContinue: true })
  assert.deepEqual([refused.status, await refused.body.text(), bodies], [413, 'too large', 1])
})

test('Python’s http.server: HTTP/1.0, a body that ends with the connection, fetch', {
  skip: needCommand('python3'),
}, async (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'a.txt'), 'from python')
  const port = await freePort()
  const program = new Program(t, 'python3', [
    '-u',
    '-m',
    'http.server',
    String(port),
    '--bind',
    '127.0.0.1',
    '-d',
    path,
  ])
  await program.printed(/Serving HTTP/)
  const client = clientOf(t, { layers: [cache(), decoding()] })
  const reply = await client.request(`http://127.0.0.1:${port}/a.txt`)
  assert.deepEqual([reply.version, reply.status, await reply.body.text()], ['HTTP/1.0', 200, 'from python'])
  assert.match(await (await fetchOn(client)(`http://127.0.0.1:${port}/`)).text(), /a\.txt/)
})

test('curl’s own SOCKS words: what goes through a SOCKS proxy of fifty lines is what curl sends through it', {
  skip: needCommand('curl'),
}, async (t) => {
  const web = createServer((request, reply) => reply.end(`${request.method} ${request.headers.host}`))
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  t.after(() => web.close())
  const { port } = web.address() as AddressInfo
  const heard: string[] = []
  const socks = createTcpServer((socket) => {
    let step = 0
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      if (step === 2) return
      heard.push(bytes.toString('hex'))
      if (step++ === 0) socket.write(Buffer.from([5, 2]))
      else if (step === 2 && bytes[0] === 1) {
        step = 1
        socket.write(Buffer.from([1, 0]))
      } else {
        const far = connect(port, '127.0.0.1', () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
          socket.pipe(far).pipe(socket)
        })
        far.on('error', () => socket.destroy())
      }
    })
  }).listen(0, '127.0.0.1')
  await once(socks, 'listening')
  t.after(() => socks.close())
  const url = `me:secret@127.0.0.1:${(socks.address() as AddressInfo).port}`
  const client = clientOf(t, { proxy: { url: `socks5://${url}` } })
  const reply = await client.request('http://far.example/')
  assert.equal(await reply.body.text(), 'GET far.example')
  client.close()
  const ours = heard.splice(0)
  const curl = new Program(t, 'curl', ['-sS', '--max-time', '10', '-x', `socks5h://${url}`, 'http://far.example/'])
  await curl.printed(/GET far\.example/)
  // curl offers GSSAPI, too; from there on the octets are the same.
  assert.deepEqual(ours.slice(1), heard.slice(1))
})
