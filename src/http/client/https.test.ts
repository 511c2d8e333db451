/** https by the client and the server of this floor, over this machine's sockets and in a simulated Internet. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { needCommand } from '../../../test/need.ts'
import { ms } from '../../base/duration.ts'
import { kernelHost } from '../../kernel/index.ts'
import { internet } from '../../sim/index.ts'
import { virtualGlobals } from '../../sim/node/index.ts'
import type { Host } from '../../socket/host.ts'
import { ipOf } from '../../socket/index.ts'
import { clientTls, createAuthority, issue, TlsError, tlsHost } from '../../tls/index.ts'
import type { Handler } from '../exchange.ts'
import { serve } from '../server/serve.ts'
import { Client } from './client.ts'

const authority = createAuthority('a test')
const certificates = issue(authority, ['shop.example', 'localhost', '127.0.0.1'])
const tls = clientTls({ trust: [authority.certificate] })

const hello: Handler = (exchange) => {
  const { method, scheme, path, security, authority } = exchange
  exchange.reply(
    200,
    ['Content-Type', 'text/plain'],
    `${method} ${scheme}://${authority}${path} by ${security?.version}\n`,
  )
}

async function serving(host: Host, address: string, handler: Handler = hello, port = 0) {
  const server = await serve(tlsHost(host, { server: { certificates } }), handler, { address, port })
  return { server, port: ipOf(server.local, 'listen').port }
}

test('a page over https: the connection is kept, the handler knows how it was asked', async () => {
  const host = kernelHost()
  const { server, port } = await serving(host, '127.0.0.1')
  const client = new Client(host, { tls })
  for (const path of ['/first', '/second']) {
    const reply = await client.request(`https://localhost:${port}${path}`)
    assert.equal(reply.status, 200)
    assert.equal(await reply.body.text(), `GET https://localhost:${port}${path} by TLSv1.3\n`)
  }
  assert.equal(client.connections, 1)
  client.close()
  await server.close()
})

test('a server that cannot prove its name gets no request', async () => {
  const host = kernelHost()
  let asked = 0
  const { server, port } = await serving(host, '127.0.0.1', (exchange) => {
    asked++
    exchange.reply(200, [], null)
  })
  const client = new Client(host)
  await assert.rejects(
    client.request(`https://127.0.0.1:${port}/`, { fields: ['Authorization', 'secret'] }),
    (error: TlsError) => {
      assert.ok(error instanceof TlsError, String(error))
      assert.equal(error.code, 'TLS_UNTRUSTED')
      return true
    },
  )
  assert.equal(asked, 0)
  client.close()
  await server.close()
})

test('through a proxy the whole way is secured: the proxy sees a name and a port', async () => {
  const net = internet({ seed: 1 })
  const globals = virtualGlobals(net)
  const [laptop, proxy, web] = [net.host('laptop'), net.host('proxy'), net.host('shop.example')]
  net.link(laptop, proxy, { latency: ms(2) })
  net.link(proxy, web, { latency: ms(5) })
  await net
    .run(async () => {
      const { server } = await serving(web, '0.0.0.0', hello, 443)
      const seen: string[] = []
      const forward = await serve(proxy, hello, {
        address: '0.0.0.0',
        port: 3128,
        connect: {
          allow: (authority) => {
            seen.push(authority)
            return true
          },
        },
      })
      const client = new Client(laptop, { tls, proxy: { url: `http://${proxy.address}:3128` } })
      const reply = await client.request('https://shop.example/cart')
      assert.equal(await reply.body.text(), 'GET https://shop.example/cart by TLSv1.3\n')
      assert.deepEqual(seen, ['shop.example:443'])
      client.close()
      await forward.close()
      await server.close()
    })
    .finally(() => globals.restore())
})

test('Node’s own server and client at the other end', async () => {
  const host = kernelHost()
  const node = createServer(
    { cert: String(certificates.certificate), key: String(certificates.key) },
    (_asked, answer) => answer.end('from node:https'),
  )
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve))
  const at = node.address() as { port: number }
  const client = new Client(host, { tls })
  assert.equal(await (await client.request(`https://localhost:${at.port}/`)).body.text(), 'from node:https')
  client.close()
  node.close()
  const { server, port } = await serving(host, '127.0.0.1')
  const text = await new Promise<string>((resolve, reject) => {
    get(`https://localhost:${port}/x`, { ca: String(authority.certificate), agent: false }, async (reply) => {
      let got = ''
      for await (const chunk of reply) got += String(chunk)
      resolve(got)
    }).on('error', reject)
  })
  assert.equal(text, `GET https://localhost:${port}/x by TLSv1.3\n`)
  await server.close()
})

test('curl takes the certificate of an authority of ours', { skip: needCommand('curl') }, async () => {
  const { server, port } = await serving(kernelHost(), '127.0.0.1')
  const folder = mkdtempSync(join(tmpdir(), 'reticle-https-'))
  try {
    const file = join(folder, 'authority.pem')
    writeFileSync(file, authority.certificate)
    const run = (...options: string[]) =>
      promisify(execFile)('curl', ['--silent', '--show-error', '--cacert', file, ...options])
    for (const version of [['--tls-max', '1.2'], ['--tlsv1.3']]) {
      const { stdout } = await run(...version, `https://localhost:${port}/`)
      assert.match(stdout, version[1] === '1.2' ? /by TLSv1\.2/ : /by TLSv1\.3/)
    }
    await assert.rejects(run('--tls-max', '1.1', `https://localhost:${port}/`))
    await assert.rejects(
      run('--resolve', `other.example:${port}:127.0.0.1`, `https://other.example:${port}/`),
      /SSL: no alternative/,
    )
  } finally {
    rmSync(folder, { recursive: true })
    await server.close()
  }
})
