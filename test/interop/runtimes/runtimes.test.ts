/** One site in the servers of other runtimes, in other frameworks, and in the shape that workers have. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Hono } from 'hono'
import { app } from '../../../src/web/index.ts'
import { needCommand } from '../../need.ts'
import site from './site.ts'

const ROOT = join(import.meta.dirname, '../../..')
const SITE = join(import.meta.dirname, 'site.ts')

/** Starts a server and gives its port, as the line says that it prints. */
async function serving(t: TestContext, command: string, ...args: readonly string[]): Promise<number> {
  const env = { ...process.env, PORT: '0', NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' }
  const child: ChildProcess = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => {
    child.kill('SIGKILL')
  })
  let said = ''
  return await new Promise((resolve, reject) => {
    const look = (bytes: Buffer) => {
      said += bytes
      const port = /:(\d+)\/?\s/.exec(said)?.[1]
      if (port !== undefined && /listening|started/i.test(said)) resolve(Number(port))
    }
    child.stdout!.on('data', look)
    child.stderr!.on('data', look)
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code}: ${said}`)))
  })
}

/** What every server that calls `site.fetch` must give. */
async function tried(ask: (path: string, init?: RequestInit) => Promise<Response>): Promise<void> {
  const page = await ask('/?name=A%20%3Cb%3E')
  assert.equal(page.status, 200)
  assert.equal(await page.text(), '<p>A &lt;b&gt;</p>')
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(await (await ask('/later')).text(), 'still /later')
  assert.equal(await (await ask('/stream')).text(), '0 1 2 ')
  const lost = await ask('/lost')
  assert.deepEqual([lost.status, /Not here\./.test(await lost.text())], [404, true])
  const first = await ask('/count')
  assert.equal(await first.text(), '1')
  const cookie = first.headers.getSetCookie()[0]!.split(';')[0]!
  assert.equal(await (await ask('/count', { headers: { cookie } })).text(), '2')
  const body = new URLSearchParams({ name: 'ü' })
  assert.deepEqual(await (await ask('/form', { method: 'POST', body })).json(), { name: 'ü' })
  const crossSite = { 'sec-fetch-site': 'cross-site' }
  assert.equal((await ask('/form', { method: 'POST', body, headers: crossSite })).status, 403)
}

test('bun run site.ts', { skip: needCommand('bun'), timeout: 60_000 }, async (t) => {
  const port = await serving(t, 'bun', 'run', SITE)
  const ask = (path: string, init?: RequestInit) => fetch(`http://localhost:${port}${path}`, init)
  await tried(ask)
  assert.match(await (await ask('/from')).text(), /^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1) true$/)
})

test('deno serve site.ts', { skip: needCommand('deno'), timeout: 60_000 }, async (t) => {
  const port = await serving(t, 'deno', 'serve', '--allow-all', '--host', '127.0.0.1', '--port', '0', SITE)
  const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)
  await tried(ask)
  assert.equal(await (await ask('/from')).text(), '127.0.0.1 true')
})

test('mounted in Hono, which passes an environment and a context', async () => {
  const outer = new Hono()
  outer.mount('/inner', site.fetch)
  const bindings = { DB: {}, machine: 'a binding of that name' }
  const context = { waitUntil() {}, passThroughOnException() {}, props: {} }
  await tried(async (path, init) =>
    outer.fetch(new Request(`http://localhost/inner${path}`, init), bindings, context as never),
  )
})

test('as a worker: an object with fetch, called with an environment and a context', async () => {
  const worker: { fetch(request: Request, env: object, context: object): Promise<Response> } = site
  await tried((path, init) =>
    worker.fetch(new Request(`http://localhost${path}`, init), { KEY: 'x' }, { waitUntil() {} }),
  )
})

test('a Hono application is mounted in a site, which guards it', async () => {
  const { fetchHandler } = await import('../../../src/http/index.ts')
  const hono = new Hono()
  hono.get('/hello/:name', (c) => c.text(`Hello, ${c.req.param('name')}`))
  const outer = app()
  outer.before((c) => (c.header('x-key') === 'k' ? undefined : c.text('no', { status: 403 })))
  outer.mount(
    '/hono',
    fetchHandler((request) => {
      const url = new URL(request.url)
      url.pathname = url.pathname.replace(/^\/hono/, '')
      return hono.fetch(new Request(url, request))
    }),
  )
  const ask = (headers: Record<string, string>) =>
    outer.fetch(new Request('http://localhost/hono/hello/Ada', { headers }))
  assert.equal((await ask({})).status, 403)
  const reply = await ask({ 'x-key': 'k' })
  assert.deepEqual(
    [reply.status, await reply.text(), reply.headers.get('x-content-type-options')],
    [200, 'Hello, Ada', 'nosniff'],
  )
})
