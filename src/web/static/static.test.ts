import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { testMachine } from '../../http/trial/machine.ts'
import { app } from '../site/app.ts'
import { testClient } from '../testing/client.ts'
import { Folder } from './node/storage.ts'
import { attachment, sendBytes, sendFile } from './send-file.ts'
import { staticFiles } from './static-files.ts'
import { saveUpload, uploadedFiles } from './uploads.ts'

const outer = mkdtempSync(join(tmpdir(), 'reticle-static-'))
const root = join(outer, 'public')
mkdirSync(join(root, 'sub'), { recursive: true })
writeFileSync(join(outer, 'secret.txt'), 'secret')
writeFileSync(join(root, 'a.txt'), 'hello, world')
writeFileSync(join(root, 'page.html'), '<b>hi</b>')
writeFileSync(join(root, 'sub', 'ü x.css'), 'b{}')
writeFileSync(join(root, '.env'), 'SECRET=1')
mkdirSync(join(root, '.git'))
writeFileSync(join(root, '.git', 'config'), 'secret')
symlinkSync(join(outer, 'secret.txt'), join(root, 'out.txt'))
symlinkSync(outer, join(root, 'up'))
symlinkSync(join(root, 'a.txt'), join(root, 'inside.txt'))
writeFileSync(join(root, 'z.js'), 'let a = 1')
writeFileSync(join(root, 'z.js.gz'), gzipSync('let a = 1'))
const big = Buffer.alloc(200_000, 'abcdefghij')
writeFileSync(join(root, 'big.bin'), big)
utimesSync(join(root, 'a.txt'), new Date('2026-01-02T03:04:05.678Z'), new Date('2026-01-02T03:04:05.678Z'))
after(() => rmSync(outer, { recursive: true }))

const site = app({ machine: testMachine(), log: () => {}, trailingSlash: 'strict' })
site.mount('/static', staticFiles(root, { precompressed: true }))
site.mount('/up', uploadedFiles(join(outer, 'uploads')))
const web = testClient(site)

test('a file comes with its type, length and validators', async () => {
  const reply = await web.get('/static/a.txt')
  assert.deepEqual([reply.status, reply.text], [200, 'hello, world'])
  assert.equal(reply.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.equal(reply.headers.get('content-length'), '12')
  assert.equal(reply.headers.get('last-modified'), 'Fri, 02 Jan 2026 03:04:05 GMT')
  assert.equal(reply.headers.get('cache-control'), 'no-cache')
  assert.equal(reply.headers.get('accept-ranges'), 'bytes')
  assert.equal(reply.headers.get('x-content-type-options'), 'nosniff')
  assert.match(reply.headers.get('etag')!, /^"[0-9a-z]+-[0-9a-z]+"$/)
  const head = await web.head('/static/a.txt')
  assert.deepEqual([head.status, head.text, head.headers.get('content-length')], [200, '', '12'])
  assert.match((await web.get('/static/page.html')).headers.get('content-security-policy')!, /default-src/)
  assert.equal((await web.get('/static/sub/%C3%BC%20x.css')).text, 'b{}')
  assert.equal((await web.get('/static/inside.txt')).text, 'hello, world', 'a link within')
  assert.equal((await web.post('/static/a.txt')).status, 405)
})

test('no path leads out of the directory, to a dot file, or to what is not a file', async () => {
  const bad = [
    '/static/../secret.txt',
    '/static/%2e%2e/secret.txt',
    '/static/..%2fsecret.txt',
    '/static/%2e%2e%2fsecret.txt',
    '/static/..%5csecret.txt',
    '/static/%252e%252e/secret.txt',
    '/static/..%c0%afsecret.txt',
    '/static/sub/../../secret.txt',
    '/static//etc/passwd',
    '/static/%2fetc%2fpasswd',
    '/static/a.txt%00.html',
    '/static/a.txt%00',
    '/static/.env',
    '/static/%2eenv',
    '/static/.git/config',
    '/static/out.txt',
    '/static/up/secret.txt',
    '/static/up',
    '/static/sub',
    '/static/sub/',
    '/static/a.txt/',
    '/static/',
    '/static',
    '/static/a.txt/x',
    '/static/none',
    `/static/${'a'.repeat(300)}`,
    '/static/....//secret.txt',
    '/static/..;/secret.txt',
    '/static/C:/x',
    '/static/~root',
  ]
  for (const path of bad) {
    const reply = await web.get(path)
    assert.notEqual(reply.status, 200, path)
    assert.doesNotMatch(reply.text, /secret|SECRET/, path)
  }
})

test('the folder itself refuses what no path should have brought to it', async () => {
  const folder = new Folder(root)
  const opens = async (path: string) => {
    const file = await folder.open(path)
    await file?.close()
    return file !== null
  }
  assert.equal(await opens('a.txt'), true)
  const bad = [
    '../secret.txt',
    'sub/../../secret.txt',
    '/etc/passwd',
    '',
    '.',
    '..',
    'a.txt\0',
    'sub\\..\\a.txt',
    'up/secret.txt',
    './a.txt',
    'sub//a',
    '.env',
  ]
  for (const path of bad) assert.equal(await opens(path), false, JSON.stringify(path))
})

test('a named pipe does not hold anybody up', async (t) => {
  try {
    execFileSync('mkfifo', [join(root, 'pipe')])
  } catch {
    return t.skip('needs mkfifo')
  }
  assert.equal((await web.get('/static/pipe')).status, 404)
})

test('what the client has is not sent again', async () => {
  const etag = (await web.get('/static/a.txt')).headers.get('etag')!
  const status = async (headers: Record<string, string>) => (await web.get('/static/a.txt', { headers })).status
  assert.equal(await status({ 'if-none-match': etag }), 304)
  assert.equal(await status({ 'if-none-match': `"x", W/${etag}` }), 304)
  assert.equal(await status({ 'if-none-match': '"x"' }), 200)
  assert.equal(await status({ 'if-modified-since': 'Fri, 02 Jan 2026 03:04:05 GMT' }), 304)
  assert.equal(await status({ 'if-modified-since': 'Fri, 02 Jan 2026 03:04:04 GMT' }), 200)
  assert.equal(await status({ 'if-match': '"x"' }), 412)
  const not = await web.get('/static/a.txt', { headers: { 'if-none-match': etag } })
  assert.deepEqual([not.text, not.headers.get('etag')], ['', etag])
})

test('a part is sent when one is asked for', async () => {
  const part = async (range: string, more: Record<string, string> = {}) => {
    const reply = await web.get('/static/a.txt', { headers: { range, ...more } })
    return [reply.status, reply.headers.get('content-range'), reply.status === 416 ? '' : reply.text]
  }
  assert.deepEqual(await part('bytes=0-4'), [206, 'bytes 0-4/12', 'hello'])
  assert.deepEqual(await part('bytes=7-'), [206, 'bytes 7-11/12', 'world'])
  assert.deepEqual(await part('bytes=-5'), [206, 'bytes 7-11/12', 'world'])
  assert.deepEqual(await part('bytes=12-'), [416, 'bytes */12', ''])
  assert.deepEqual(await part('bytes=0-1,3-4'), [206, 'bytes 0-4/12', 'hello'], 'nearly touching ranges are one')
  assert.deepEqual(await part(`bytes=${'0-1,'.repeat(20)}0-1`), [200, null, 'hello, world'])
  assert.deepEqual(await part('bytes=0-4', { 'if-range': '"old"' }), [200, null, 'hello, world'])
  const large = await web.get('/static/big.bin', { headers: { range: 'bytes=10-199989' } })
  assert.equal(large.headers.get('content-length'), '199980')
  assert.equal(large.text, big.subarray(10, 199_990).toString())
})

test('several ranges come as multipart/byteranges, of files and of bytes at hand', async () => {
  const made = app({ machine: testMachine(), log: () => {} })
  made.get('/bytes', (c) => sendBytes(c, big, { type: 'text/plain', etag: '"b"' }))
  for (const [client, path, type] of [
    [web, '/static/big.bin', 'application/octet-stream'],
    [testClient(made), '/bytes', 'text/plain'],
  ] as const) {
    const reply = await client.get(path, { headers: { range: 'bytes=-5, 10-19, 1000-180000' } })
    assert.equal(reply.status, 206)
    assert.equal(reply.headers.get('content-range'), null)
    const boundary = /^multipart\/byteranges; boundary=([\w-]{20,})$/.exec(reply.headers.get('content-type')!)![1]!
    assert.equal(reply.headers.get('content-length'), String(reply.text.length))
    const parts = reply.text.split(`--${boundary}`)
    assert.deepEqual([parts.length, parts[0], parts[4]], [5, '', '--\r\n'])
    const expected = [
      [199_995, 200_000],
      [10, 20],
      [1000, 180_001],
    ] as const
    for (const [i, [start, end]] of expected.entries()) {
      const head = `\r\nContent-Type: ${type}\r\nContent-Range: bytes ${start}-${end - 1}/200000\r\n\r\n`
      const whole = `${head}${big.subarray(start, end)}\r\n`
      assert.ok(parts[i + 1] === whole, `part ${i} has ${parts[i + 1]!.length} characters, not ${whole.length}`)
    }
    assert.equal((await client.head(path, { headers: { range: 'bytes=0-1' } })).status, 200, 'HEAD has no ranges')
    assert.equal((await client.get(path, { headers: { range: 'bytes=300000-' } })).status, 416)
  }
  assert.equal((await testClient(made).get('/bytes', { headers: { 'if-none-match': '"b"' } })).status, 304)
})

test('a large file comes in pieces, whole, and is closed when nobody wants the rest', async () => {
  const reply = await web.get('/static/big.bin')
  assert.equal(reply.headers.get('content-length'), '200000')
  assert.equal(reply.text, big.toString())
  assert.equal((await web.head('/static/big.bin')).headers.get('content-length'), '200000')
  writeFileSync(join(root, 'shrinks.bin'), Buffer.alloc(4_000_000))
  const shrinking = await site.fetch(new Request('http://localhost/static/shrinks.bin'))
  truncateSync(join(root, 'shrinks.bin'), 10)
  await assert.rejects(shrinking.arrayBuffer(), 'a body that is not whole must not look whole')
})

test('compressed neighbours are sent to those who take them', async () => {
  const plain = await web.get('/static/z.js')
  assert.deepEqual([plain.headers.get('content-encoding'), plain.headers.get('vary')], [null, 'Accept-Encoding'])
  const zipped = await web.get('/static/z.js', { headers: { 'accept-encoding': 'br, gzip' } })
  assert.equal(zipped.headers.get('content-encoding'), 'gzip')
  assert.equal(zipped.headers.get('content-type'), 'text/javascript; charset=utf-8')
  assert.notEqual(zipped.headers.get('etag'), plain.headers.get('etag'))
  const refused = await web.get('/static/z.js', { headers: { 'accept-encoding': 'gzip;q=0' } })
  assert.equal(refused.headers.get('content-encoding'), null)
})

test('an upload keeps nothing of the name it came with and can do nothing where it lies', async () => {
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0])
  const directory = join(outer, 'uploads')
  const picture = await saveUpload(
    directory,
    { name: '../../x.html', type: 'text/html', bytes: png },
    { machine: testMachine() },
  )
  assert.match(picture, /^[0-9a-f]{32}\.png$/)
  const shown = await web.get(`/up/${picture}`)
  assert.equal(shown.headers.get('content-type'), 'image/png')
  assert.equal(shown.headers.get('content-disposition'), 'inline')
  assert.equal(shown.headers.get('content-security-policy'), "default-src 'none'; sandbox")
  const page = { name: 'x.html', type: 'text/html', bytes: Buffer.from('<script>alert(1)</script>') }
  const saved = await saveUpload(directory, page, { machine: testMachine('other') })
  assert.match(saved, /\.bin$/)
  writeFileSync(join(directory, 'planted.html'), page.bytes)
  writeFileSync(join(directory, 'planted.svg'), page.bytes)
  for (const name of [saved, 'planted.html', 'planted.svg']) {
    const reply = await web.get(`/up/${name}`)
    assert.equal(reply.headers.get('content-type'), 'application/octet-stream')
    assert.equal(reply.headers.get('content-disposition'), 'attachment')
    assert.equal(reply.headers.get('x-content-type-options'), 'nosniff')
  }
})

test('a directory with an index is a page, with a slash; without one it is not found', async () => {
  mkdirSync(join(root, 'docs/deep'), { recursive: true })
  writeFileSync(join(root, 'index.html'), 'top')
  writeFileSync(join(root, 'docs/index.html'), 'docs')
  const indexed = app({ machine: testMachine(), log: () => {} })
  indexed.mount('/s', staticFiles(root, { index: 'index.html' }))
  const browser = testClient(indexed)
  assert.equal((await browser.get('/s/')).text, 'top')
  assert.equal((await browser.get('/s')).location, '/s/')
  assert.equal((await browser.get('/s/docs/')).text, 'docs')
  assert.equal((await browser.get('/s/docs?x=1')).location, '/s/docs/?x=1')
  assert.equal((await browser.get('/s/docs/deep')).status, 404)
  assert.equal((await browser.get('/s/docs/deep/')).status, 404)
  for (const path of ['/static/', '/static/docs', '/static/docs/'])
    assert.equal((await web.get(path)).status, 404, path)
})

test('.well-known is served, other names with a dot are not, also below it', async () => {
  mkdirSync(join(root, '.well-known/.hidden'), { recursive: true })
  writeFileSync(join(root, '.well-known/security.txt'), 'Contact: x')
  writeFileSync(join(root, '.well-known/.hidden/x'), 'secret')
  writeFileSync(join(root, '.well-knownx'), 'secret')
  assert.equal((await web.get('/static/.well-known/security.txt')).text, 'Contact: x')
  for (const path of [
    '/static/.well-known/.hidden/x',
    '/static/.well-knownx',
    '/static/.well-known/../.env',
    '/static/.well-known',
  ])
    assert.equal((await web.get(path)).status, 404, path)
})

test('one file is sent to those who may have it, with ranges and a name to save it by', async () => {
  const made = app({ machine: testMachine(), log: () => {} })
  made.get('/shown', (c) => sendFile(c, join(root, 'big.bin')))
  made.get('/saved', (c) =>
    sendFile(c, join(root, 'a.txt'), { download: 'Bericht für "Ada".txt\r\n', type: 'text/plain' }),
  )
  made.get('/missing', (c) => sendFile(c, join(root, 'nothing')))
  made.get('/folder', (c) => sendFile(c, root))
  const client = testClient(made)
  const part = await client.get('/shown', { headers: { range: 'bytes=10-19' } })
  assert.deepEqual([part.status, part.text], [206, 'abcdefghij'])
  assert.equal(part.headers.get('content-disposition'), 'inline')
  assert.equal(part.headers.get('cache-control'), 'private, no-cache')
  const saved = await client.get('/saved')
  assert.equal(
    saved.headers.get('content-disposition'),
    `attachment; filename="Bericht f_r _Ada_.txt"; filename*=UTF-8''Bericht%20f%C3%BCr%20%22Ada%22.txt`,
  )
  for (const path of ['/missing', '/folder']) assert.equal((await client.get(path)).status, 404)
})

test('a name to save by is not a path, and cannot end the field', () => {
  assert.equal(attachment('../../etc/passwd'), `attachment; filename="passwd"; filename*=UTF-8''passwd`)
  assert.equal(
    attachment('C:\\x\\a";b%41.txt'),
    `attachment; filename="a_;b_41.txt"; filename*=UTF-8''a%22%3Bb%2541.txt`,
  )
  assert.equal(
    attachment('\u202egpj.exe\r\nX: y'),
    `attachment; filename="gpj.exeX: y"; filename*=UTF-8''gpj.exeX%3A%20y`,
  )
  for (const name of ['', 'a/', '\n']) assert.equal(attachment(name), 'attachment')
})
