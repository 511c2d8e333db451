/** HTTP/2 where TLS has agreed on it: curl, nghttp, `node:http2`, Chromium and our own client, beside clients of HTTP/1.1. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { Client, type Handler, serve } from '../../../src/http/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'
import { clientTls, createAuthority, issue, tlsHost } from '../../../src/tls/index.ts'
import { commandPath, needCommand } from '../../need.ts'

const run = promisify(execFile)
const ASSETS = 300
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const authority = createAuthority('a test')

interface Seen {
  readonly versions: Set<string>
  readonly connections: Set<string>
  pictures: number
}

async function served(t: TestContext) {
  const seen: Seen = { versions: new Set(), connections: new Set(), pictures: 0 }
  const handler: Handler = async (exchange) => {
    seen.versions.add(exchange.version)
    seen.connections.add(JSON.stringify(exchange.remote))
    if (exchange.path.startsWith('/picture')) {
      seen.pictures++
      exchange.reply(200, ['Content-Type', 'image/gif', 'Cache-Control', 'no-store'], PIXEL)
    } else if (exchange.path === '/page') {
      const images = Array.from({ length: ASSETS }, (_, i) => `<img src="/picture/${i}">`).join('')
      exchange.reply(200, ['Content-Type', 'text/html; charset=utf-8'], `<!doctype html><title>here</title>${images}`)
    } else if (exchange.method === 'POST') exchange.reply(200, [], await exchange.body.bytes())
    else exchange.reply(200, [], `${exchange.version} ${exchange.scheme} ${exchange.security?.protocol}`)
  }
  const certificates = issue(authority, ['localhost', '127.0.0.1'])
  const server = await serve(tlsHost(kernelHost(), { server: { certificates } }), handler, {
    port: 0,
    address: '127.0.0.1',
  })
  t.after(() => server.close())
  return { seen, base: `https://127.0.0.1:${(server.local as { port: number }).port}` }
}

test('curl, nghttp and node:http2 over TLS, and HTTP/1.1 on the same port', {
  skip: needCommand('curl', 'nghttp'),
}, async (t) => {
  const { base } = await served(t)
  const folder = mkdtempSync(join(tmpdir(), 'reticle-h2-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const trusted = join(folder, 'authority.pem')
  writeFileSync(trusted, authority.certificate)
  const curl = async (...args: string[]) =>
    (await run('curl', ['-sS', '--max-time', '20', '--cacert', trusted, ...args])).stdout
  assert.equal(await curl('--http2', base), 'HTTP/2 https h2')
  assert.equal(await curl('--http1.1', base), 'HTTP/1.1 https http/1.1')
  writeFileSync(join(folder, 'content'), 'x'.repeat(500_000))
  assert.equal(
    (await curl('--http2', '-H', 'Expect:', '--data-binary', `@${join(folder, 'content')}`, base)).length,
    500_000,
  )
  const { stdout } = await run('nghttp', ['-ns', `${base}/picture/1`])
  assert.match(stdout, / {2}200 +42 /)
  const session = http2.connect(base, { ca: String(authority.certificate) })
  t.after(() => session.destroy())
  const stream = session.request({ ':path': '/' })
  let text = ''
  stream.on('data', (piece) => (text += piece))
  await once(stream, 'close')
  assert.equal(text, 'HTTP/2 https h2')
})

test('our own client agrees on HTTP/2, and shares one connection; without it, it speaks HTTP/1.1', async (t) => {
  const { base, seen } = await served(t)
  const tls = clientTls({ trust: [authority.certificate] })
  const client = new Client(kernelHost(), { tls })
  const plain = new Client(kernelHost(), { tls, http2: false })
  t.after(() => {
    client.close()
    plain.close()
  })
  const texts = await Promise.all(Array.from({ length: 100 }, async () => (await client.request(base)).body.text()))
  assert.deepEqual(new Set(texts), new Set(['HTTP/2 https h2']))
  assert.equal(seen.connections.size, 1)
  assert.equal(await (await plain.request(base)).body.text(), 'HTTP/1.1 https http/1.1')
})

test(`Chromium loads a page with ${ASSETS} pictures over one connection`, {
  skip: needCommand('chromium'),
  timeout: 60_000,
}, async (t) => {
  const { base, seen } = await served(t)
  const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  const browser = await chromium.launch({ executablePath: commandPath('chromium')!, args: quiet })
  t.after(() => browser.close())
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
  const broken: string[] = []
  page.on('requestfailed', (request) => broken.push(request.url()))
  await page.goto(`${base}/page`, { waitUntil: 'load' })
  const loaded = await page.evaluate('[...document.images].filter((image) => image.naturalWidth === 1).length')
  const posted = await page.evaluate(
    `fetch('/', { method: 'POST', body: 'y'.repeat(1000000) }).then((reply) => reply.text()).then((text) => text.length)`,
  )
  assert.deepEqual([loaded, posted, seen.pictures], [ASSETS, 1_000_000, ASSETS])
  assert.deepEqual(
    broken.filter((url) => !url.endsWith('favicon.ico')),
    [],
  )
  assert.deepEqual([...seen.versions], ['HTTP/2'])
  assert.equal(seen.connections.size, 1)
})
