/** A whole site over real sockets: what a client sends is not tidied up on the way, as it is by `Request`. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { kernelHost } from '../../kernel/index.ts'
import { app } from './app.ts'

interface Got {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly text: string
}

function ask(
  port: number | undefined,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (reply) => {
      const pieces: Buffer[] = []
      reply.on('data', (piece: Buffer) => pieces.push(piece))
      reply.on('error', reject)
      reply.on('end', () =>
        resolve({ status: reply.statusCode!, headers: reply.headers, text: Buffer.concat(pieces).toString() }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

test('a form may be as large over HTTP as the site says, and no larger', async (t) => {
  const site = app({ secret: 'a secret of more than thirty-two characters', log: () => {} })
  site.post('/', async (c) => c.text(String((await c.body.form()).file('f')?.bytes.length)))
  const form = (size: number) =>
    `--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n${'x'.repeat(size)}\r\n`
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  const host = kernelHost({ driver: 'node' })
  const server = await site.serve(host, { address: '127.0.0.1', port: 0 })
  const small = await site.serve(host, { address: '127.0.0.1', port: 0, limits: { bodyBytes: 1000 } })
  t.after(() => Promise.all([server.close(), small.close()]))
  const twice = `${form(9_000_000)}${form(9_000_001)}--b--`
  assert.equal((await ask(server.local.port, 'POST', '/', headers, twice)).text, '9000001')
  const over = await ask(server.local.port, 'POST', '/', headers, `${form(11_000_000)}--b--`)
  assert.equal(over.status, 413)
  assert.match(over.text, /The file is larger than 10 MB\./)
  assert.equal((await ask(small.local.port, 'POST', '/', headers, `${form(1000)}--b--`)).status, 413)
})

test('a site behind a proxy that it trusts sees the client, and asks nothing of a stranger', async (t) => {
  const site = app({ secret: 'a secret of more than thirty-two characters', log: () => {}, hosts: ['shop.example'] })
  site.get('/', (c) => {
    c.session.set('a', 1)
    return c.text(`${c.remote.address} ${c.secure} ${c.origin}`)
  })
  const host = kernelHost({ driver: 'node' })
  const at = { address: '127.0.0.1', port: 0 }
  const behind = await site.serve(host, { ...at, trust: { from: ['loopback'] } })
  const open = await site.serve(host, at)
  t.after(() => Promise.all([behind.close(), open.close()]))
  const headers = {
    host: 'shop.example',
    'x-forwarded-for': '10.9.9.9, 203.0.113.9',
    'x-forwarded-proto': 'https',
  }
  const got = await ask(behind.local.port, 'GET', '/', headers)
  assert.equal(got.text, '203.0.113.9 true https://shop.example')
  assert.match(String(got.headers['set-cookie']), /^__Host-.*; Secure/)
  const plain = await ask(open.local.port, 'GET', '/', headers)
  assert.equal(plain.text, '127.0.0.1 false http://shop.example')
  // Who comes through the proxy is not on this machine, though the proxy is.
  assert.equal((await ask(behind.local.port, 'GET', '/', { ...headers, host: 'localhost' })).status, 400)
  assert.equal((await ask(open.local.port, 'GET', '/', { ...headers, host: 'localhost' })).status, 200)
  assert.equal(
    (await ask(behind.local.port, 'GET', '/', { ...headers, 'x-forwarded-host': 'evil.example' })).status,
    400,
  )
})

test('a site over real sockets', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'reticle-serve-'))
  t.after(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'secret.txt'), 'secret')
  writeFileSync(join(directory, 'big.bin'), Buffer.alloc(3_000_000, 'x'))
  const site = app({ secret: 'a secret of more than thirty-two characters', log: () => {}, static: directory })
  site.get('/', (c) => c.text('home'))
  site.get('/session', (c) => {
    c.session.set('a', 1)
    return 'kept'
  })
  site.get('/stream', async function* () {
    for (let i = 0; i < 3; i++) yield `${i}\n`
  })
  site.post('/form', async (c) => c.text((await c.body.form()).get('a') ?? 'none'))
  site.get('/bad', () => {
    throw new Error('bad')
  })
  const server = await site.serve(kernelHost({ driver: 'node' }), { address: '127.0.0.1', port: 0 })
  t.after(() => server.close())
  const { port } = server.local

  assert.equal((await ask(port, 'GET', '/')).text, 'home')
  const head = await ask(port, 'HEAD', '/')
  assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '4'])
  assert.equal((await ask(port, 'OPTIONS', '*')).headers.allow, 'GET, HEAD, OPTIONS, POST')
  assert.equal((await ask(port, 'OPTIONS', '/form')).headers.allow, 'OPTIONS, POST')
  assert.equal((await ask(port, 'DELETE', '/')).status, 405)
  assert.match(String((await ask(port, 'GET', '/session')).headers['set-cookie']), /^session=.*HttpOnly/)
  assert.equal((await ask(port, 'GET', '/stream')).text, '0\n1\n2\n')
  assert.equal((await ask(port, 'GET', '/static/big.bin')).text.length, 3_000_000)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  assert.equal((await ask(port, 'POST', '/form', form, 'a=b+c')).text, 'b c')
  assert.equal((await ask(port, 'POST', '/form', { ...form, cookie: 'session=x' }, 'a=b')).status, 403)
  assert.equal((await ask(port, 'GET', '/', { host: 'evil.example' })).status, 400)
  assert.equal((await ask(port, 'GET', 'http://evil.example/')).status, 400)
  assert.equal((await ask(port, 'GET', '/bad')).status, 500)
  for (const path of [
    '/static/../static/secret.txt',
    '/static/./secret.txt',
    '/static//secret.txt',
    '/x/../',
    '/..',
    '/%2e%2e/',
    '/static/%2e/secret.txt',
    '//',
  ])
    assert.equal((await ask(port, 'GET', path)).status, 404, path)
  assert.equal((await ask(port, 'GET', '/static/secret.txt')).text, 'secret')
})
