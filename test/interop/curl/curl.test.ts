/** curl against our server on this machine's own sockets, over every driver. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Client, fetchOn, type Handler, serve } from '../../../src/http/index.ts'
import { type DriverName, kernelHost } from '../../../src/kernel/index.ts'
import { needCommand } from '../../need.ts'

const run = promisify(execFile)

/** Says what it was asked. */
const mirror: Handler = async (exchange) => {
  if (exchange.path === '/stream') {
    const reply = exchange.start(200, [])
    for (let i = 0; i < 3; i++) reply.write(`piece ${i}\n`)
    reply.end(['X-Trailer', 'there'])
    return
  }
  if (exchange.path === '/big') {
    exchange.reply(200, [], Buffer.alloc(3_000_000, 'x'))
    return
  }
  const body = await exchange.body.bytes()
  const { method, target, version } = exchange
  exchange.reply(200, ['X-Seen', `${method} ${target} ${version}`, 'X-Path', exchange.path], `${body.length} bytes`)
}

function drivers(): DriverName[] {
  try {
    kernelHost({ driver: 'uring' })
    return ['node', 'uring']
  } catch {
    return ['node']
  }
}

for (const driver of drivers()) {
  const skip = needCommand('curl')

  test(`curl over ${driver}`, { skip }, async (t) => {
    const server = await serve(kernelHost({ driver }), mirror, {
      address: '127.0.0.1',
      port: 0,
      trace: true,
      connect: { allow: (authority) => authority === `127.0.0.1:${server.local.port}` },
    })
    const base = `http://127.0.0.1:${server.local.port}`
    const curl = async (...args: string[]) => {
      const { stdout } = await run('curl', ['-sS', '-i', '--max-time', '10', ...args], { maxBuffer: 1 << 23 })
      return stdout
    }
    try {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY'])
        assert.match(await curl('-X', method, `${base}/a?b=c`), new RegExp(`X-Seen: ${method} /a\\?b=c HTTP/1.1`))
      // Octets that should have been percent-encoded, as older versions of curl send them.
      assert.match(await curl('--request-target', '/café', base), /X-Path: \/caf%C3%A9\r\n/)
      assert.match(await curl('-I', `${base}/`), /X-Seen: HEAD \/ HTTP\/1.1\r\n.*Content-Length: 7\r\n/s)
      assert.match(await curl('-X', 'OPTIONS', '--request-target', '*', base), /X-Seen: OPTIONS \* HTTP/)
      assert.match(await curl('-X', 'TRACE', '-H', 'X-Mine: 1', `${base}/`), /message\/http.*X-Mine: 1/s)
      assert.match(await curl('--http1.0', `${base}/`), /X-Seen: GET \/ HTTP\/1.0\r\n.*Connection: close/s)
      const upload = 'y'.repeat(100_000)
      assert.match(await curl('--data-binary', upload, `${base}/`), /100000 bytes$/)
      const chunked = ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect:']
      assert.match(await curl(...chunked, '--data-binary', upload, `${base}/`), /100000 bytes$/)
      assert.match(
        await curl('-H', 'Expect: 100-continue', '--data-binary', upload, `${base}/`),
        /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 .*100000 bytes$/s,
      )
      assert.match(await curl(`${base}/stream`), /chunked\r\n.*piece 0\npiece 1\npiece 2\nX-Trailer: there\r\n/s)
      assert.equal((await curl(`${base}/big`)).length > 3_000_000, true)
      const kept = await curl('-v', '--stderr', '-', `${base}/1`, `${base}/2`, `${base}/3`)
      assert.equal(kept.match(/Established connection|Connected to/g)?.length, 1, kept)
      assert.match(await curl('-p', '-x', base, `${base}/tunnelled`), /X-Seen: GET \/tunnelled HTTP/)
      const refused = await curl('-p', '-x', base, 'http://127.0.0.1:1/').catch((error) => String(error.stderr))
      assert.match(refused, /403/)
      assert.match(await curl('-x', base, 'http://other.example/x'), /X-Seen: GET http:\/\/other.example\/x HTTP/)
      assert.match(await curl('-H', 'Host;', `${base}/`), /^HTTP\/1.1 400 .*Host must be one host/s)
      assert.match(await curl('-F', 'a=1', `${base}/`), /\d+ bytes$/)
    } finally {
      t.diagnostic(`${server.connections} connections left`)
      await server.close()
    }
  })

  test(`our client and node:http over ${driver}`, async () => {
    const peer = createServer((request, response) => {
      if (request.url === '/chunked') {
        response.writeHead(200, { Trailer: 'X-T' })
        response.write('a')
        response.addTrailers({ 'X-T': 'v' })
        response.end('b')
      } else if (request.url === '/early') {
        response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('x'))
      } else request.pipe(response)
    })
    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve))
    const base = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`
    const client = new Client(kernelHost({ driver }))
    try {
      const big = Buffer.alloc(2_000_000, 'z')
      const echoed = await client.request(base, { method: 'POST', body: big })
      assert.deepEqual(Buffer.from(await echoed.body.bytes()), big)
      const chunked = await client.request(`${base}/chunked`)
      assert.equal(await chunked.body.text(), 'ab')
      assert.deepEqual(chunked.body.trailers, ['X-T', 'v'])
      const informed: number[] = []
      const early = await client.request(`${base}/early`, { onInformation: (status) => void informed.push(status) })
      assert.equal(await early.body.text(), 'x')
      assert.deepEqual(informed, [103])
      assert.equal(client.connections, 1)
      const fetched = await fetchOn(client)(base, { method: 'PUT', body: 'grüße' })
      assert.equal(await fetched.text(), 'grüße')
      const all = await Promise.all(
        Array.from({ length: 50 }, () => client.request(base, { method: 'POST', body: 'x' })),
      )
      for (const reply of all) assert.equal(await reply.body.text(), 'x')
    } finally {
      client.close()
      peer.closeAllConnections()
      peer.close()
    }
  })
}
