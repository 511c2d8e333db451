/** What a site sends encoded, in ranges, as events, and takes encoded, as curl sees that over HTTP/1.1 and HTTP/2. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { kernelHost } from '../../../src/kernel/index.ts'
import { app, staticFiles } from '../../../src/web/index.ts'
import { needCommand } from '../../need.ts'

const DOCS = join(import.meta.dirname, '../../../docs')
const PAGE = '<p>hello</p>\n'.repeat(20_000)

async function serving(t: TestContext): Promise<string> {
  const site = app({ log: () => {} })
  site.get('/', () => PAGE)
  site.get('/events', (c) =>
    c.events(async function* (last) {
      for (let i = Number(last) + 1; i < Number(last) + 3; i++) yield { id: String(i), data: 'x' }
    }),
  )
  site.post('/json', async (c) => c.json(await c.body.json()))
  site.mount('/docs', staticFiles(DOCS))
  const server = await site.serve(kernelHost(), { address: '127.0.0.1', port: 0 })
  t.after(() => server.close())
  return `http://127.0.0.1:${server.local.port}`
}

for (const version of ['--http1.1', '--http2-prior-knowledge'])
  test(`curl ${version}: encoded pages, files, events and bodies, and parts of files`, {
    skip: needCommand('curl'),
  }, async (t) => {
    const base = await serving(t)
    const curl = async (...args: string[]) =>
      (await promisify(execFile)('curl', ['-sS', version, '-m', '20', ...args], { maxBuffer: 1e7 })).stdout
    const head = await curl('--compressed', '-D', '-', '-o', '/dev/null', `${base}/`)
    assert.match(head, /^content-encoding: (?:gzip|br|zstd)\r$/im)
    assert.equal(await curl('--compressed', `${base}/`), PAGE)
    assert.equal(await curl(`${base}/`), PAGE)
    const file = readFileSync(join(DOCS, 'web.md'), 'utf8')
    assert.equal(await curl('--compressed', `${base}/docs/web.md`), file)
    assert.equal(
      await curl('--compressed', '-N', '-H', 'Last-Event-ID: 7', `${base}/events`),
      ':\n\nid: 8\ndata: x\n\nid: 9\ndata: x\n\n',
    )
    const parts = await curl('-r', '0-9,5000-5009', `${base}/docs/web.md`)
    const [first, second] = parts.split('\r\n\r\n').slice(1)
    const bytes = Buffer.from(file)
    assert.equal(first!.slice(0, 10), bytes.subarray(0, 10).toString())
    assert.equal(second!.slice(0, 10), bytes.subarray(5000, 5010).toString())
    const sent = promisify(execFile)('curl', [
      '-sS',
      version,
      '-m',
      '20',
      '-H',
      'Content-Type: application/json',
      '-H',
      'Content-Encoding: gzip',
      '--data-binary',
      '@-',
      `${base}/json`,
    ])
    sent.child.stdin!.end(gzipSync('{"a":[1,2]}'))
    assert.equal((await sent).stdout, '{"a":[1,2]}')
  })
