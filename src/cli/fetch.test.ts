/** `reticle fetch` against servers of our own, on this machine. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { SocketError } from '../base/errors.ts'
import { type Handler, serve } from '../http/index.ts'
import { kernelHost } from '../kernel/index.ts'
import { type Host, ipOf } from '../socket/index.ts'
import { createAuthority, issue, tlsHost } from '../tls/index.ts'
import { EXIT, failureOf } from './fetch/failure.ts'
import { formatBytes, plain, progressLine } from './fetch/print.ts'
import { type GivenRequest, readRequest } from './fetch/request.ts'
import { main } from './main.ts'

async function fetched(...args: string[]): Promise<{ status: number; out: string; error: string }> {
  const printed: { out: Uint8Array[]; error: string } = { out: [], error: '' }
  const status = await main(['fetch', ...args], {
    out: (text) => void printed.out.push(Buffer.from(text as string)),
    error: (text) => void (printed.error += text),
    colours: false,
    columns: 80,
    interrupted: new AbortController().signal,
  })
  return { status, out: Buffer.concat(printed.out).toString(), error: printed.error }
}

async function serving(t: TestContext, handler: Handler, host: Host = kernelHost()) {
  const server = await serve(host, handler, { address: '127.0.0.1', port: 0 })
  t.after(() => server.close())
  const { port } = ipOf(server.local, 'listen')
  return { url: `127.0.0.1:${port}`, port }
}

/** Tells what came. */
const echo: Handler = async (exchange) => {
  const told = [exchange.method, exchange.target, exchange.header('content-type') ?? '-']
  exchange.reply(200, ['Content-Type', 'text/plain'], `${told.join(' ')} ${await exchange.body.text()}\n`)
}

test('methods and bodies go out as they are asked for', async (t) => {
  const server = await serving(t, echo)
  const folder = mkdtempSync(join(tmpdir(), 'reticle-fetch-'))
  try {
    const file = join(folder, 'body.txt')
    writeFileSync(file, 'from a file')
    const form = 'application/x-www-form-urlencoded'
    const table: [args: string[], out: string][] = [
      [[], 'GET /a?b - '],
      [['-X', 'DELETE'], 'DELETE /a?b - '],
      [['-d', 'x=1'], `POST /a?b ${form} x=1`],
      [['-d', 'x=1', '-d', 'y=2'], `POST /a?b ${form} x=1&y=2`],
      [['-d', `@${file}`, '-H', 'content-type: text/plain'], 'POST /a?b text/plain from a file'],
      [['--data-json', '{"a": [1]}'], 'POST /a?b application/json {"a": [1]}'],
      [['-F', 'a=1 2', '-F', 'b=&'], `POST /a?b ${form} a=1+2&b=%26`],
      [['-T', file], 'PUT /a?b - from a file'],
      [['-T', file, '-X', 'POST'], 'POST /a?b - from a file'],
    ]
    for (const [args, out] of table) {
      const got = await fetched(`${server.url}/a?b`, ...args)
      assert.deepEqual(got, { status: 0, out: `${out}\n`, error: '' }, args.join(' '))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what is printed: heads, JSON, files; redirects and statuses as asked', async (t) => {
  const server = await serving(t, (exchange) => {
    const { path } = exchange
    if (path === '/old') exchange.reply(302, ['Location', '/new'], 'moved')
    else if (path === '/zip') exchange.reply(200, ['Content-Encoding', 'gzip'], gzipSync('unzipped'))
    else if (path === '/bytes') exchange.reply(200, [], Uint8Array.of(255, 0, 1))
    else if (path === '/evil') exchange.reply(200, ['X-Evil', 'a\x9b31m'], 'x')
    else exchange.reply(path === '/new' ? 200 : 404, ['X-Mine', '1'], exchange.header('authorization') ?? path)
  })
  const { url } = server
  assert.equal((await fetched(`${url}/old`)).out, 'moved')
  assert.equal((await fetched(`${url}/old`, '-L')).out, '/new')
  assert.equal((await fetched(`${url}/zip`)).out, 'unzipped')
  assert.match((await fetched(`${url}/new`, '-i')).out, /^HTTP\/1\.1 200 OK\n.*X-Mine: 1\n.*\n\n\/new$/s)
  assert.match((await fetched(`${url}/new`, '-I')).out, /^HTTP\/1\.1 200 OK\n.*X-Mine: 1\n.*\n\n$/s)
  assert.match((await fetched(`${url}/evil`, '-i')).out, /X-Evil: a\\x9b31m/)
  assert.equal((await fetched(`${url}/new`, '-u', 'me:secret')).out, `Basic ${btoa('me:secret')}`)
  assert.equal((await fetched(`http://me:secret@${url}/new`)).out, `Basic ${btoa('me:secret')}`)
  const json = JSON.parse((await fetched(`${url}/old`, '-L', '--json')).out)
  assert.deepEqual([json.url, json.status, json.redirected, json.body], [`http://${url}/new`, 200, true, '/new'])
  assert.equal(JSON.parse((await fetched(`${url}/bytes`, '--json')).out).base64, '/wAB')
  assert.equal((await fetched(`${url}/none`)).status, EXIT.ok)
  assert.deepEqual(await fetched(`${url}/none`, '-f'), {
    status: EXIT.status,
    out: '/none',
    error: 'reticle fetch: the server answered 404 Not Found\n',
  })
  const folder = mkdtempSync(join(tmpdir(), 'reticle-fetch-'))
  try {
    const file = join(folder, 'out')
    assert.deepEqual(await fetched(`${url}/bytes`, '-o', file), { status: 0, out: '', error: '' })
    assert.deepEqual([...readFileSync(file)], [255, 0, 1])
    const unwritable = await fetched(`${url}/bytes`, '-o', join(folder, 'no', 'such'))
    assert.equal(unwritable.status, EXIT.write)
    assert.match(unwritable.error, /--output: ENOENT/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('--look tells the exchange as it happens, and no secret', async (t) => {
  const server = await serving(t, echo)
  const { error } = await fetched(
    `shop.example:${server.port}/x`.replace(/^/, 'http://'),
    '--look',
    ...['--resolve', 'shop.example:127.0.0.1', '-u', 'me:verysecret', '--proxy', 'none'],
  )
  const steps = [...error.matchAll(/^ *[\d.]+ [nmµ]?s {2}(\w+)/gm)].map(([, word]) => word)
  assert.deepEqual(steps, ['resolve', 'resolved', 'connect', 'send', 'receive', 'done'])
  assert.match(error, /> Host: shop\.example:\d+\n/)
  assert.match(error, /> Authorization: Basic … \(\d+ characters\)\n/)
  assert.match(error, /< Content-Type: text\/plain\n/)
  assert.doesNotMatch(error, new RegExp(btoa('me:verysecret')))
})

test('https: an authority of one’s own, none at all, and the loud way', async (t) => {
  const authority = createAuthority('a test')
  const certificates = issue(authority, ['127.0.0.1'])
  const host = tlsHost(kernelHost(), { server: { certificates } })
  const server = await serving(t, echo, host)
  const url = `https://${server.url}/`
  const folder = mkdtempSync(join(tmpdir(), 'reticle-fetch-'))
  try {
    const file = join(folder, 'authority.pem')
    writeFileSync(file, authority.certificate)
    assert.equal((await fetched(url, '--cacert', file)).out, 'GET / - \n')
    assert.match((await fetched(url, '--cacert', file, '--look')).error, /secure +TLSv1\.3, \w+, h2 in /)
    const untrusted = await fetched(url)
    assert.equal(untrusted.status, EXIT.tls)
    assert.match(untrusted.error, /--cacert FILE trusts an authority of your own; --insecure/)
    const loud = await fetched(url, '--insecure')
    assert.deepEqual([loud.status, loud.out], [0, 'GET / - \n'])
    assert.match(loud.error, /anybody on the way can read and change all/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('failures have their exit status, and say what to do', async (t) => {
  let times = 0
  const server = await serving(t, (exchange) => {
    times++
    if (exchange.path === '/odd') exchange.reply(302, ['Location', 'http://[\x9b2J'], null)
    else if (exchange.path === '/loop') exchange.reply(302, ['Location', '/loop'], null)
    else if (exchange.path === '/later' && times < 3) exchange.reply(503, ['Retry-After', '0'], null)
    else if (exchange.path === '/close') exchange.abort()
    else if (exchange.path !== '/never') exchange.reply(200, [], 'at last')
  })
  const { url } = server
  const table: [args: string[], status: number, error: RegExp][] = [
    [['127.0.0.1:1/'], EXIT.connect, /Nothing listens there/],
    // What the server says moves no cursor, and a user is written as he likes.
    [[`${url}/odd`, '-L'], EXIT.redirects, /redirects to "http:\/\/\[\\x9b2J"/],
    [['http://a%zz:b@127.0.0.1:1/'], EXIT.connect, /Nothing listens there/],
    [[`${url}/loop`, '-L'], EXIT.redirects, /more than 20 redirects/],
    [[`${url}/never`, '-m', '0.05'], EXIT.timeout, /--timeout SECONDS waits longer/],
    [[], EXIT.usage, /needs a URL/],
    [['a', 'b'], EXIT.usage, /takes one URL, and 'b' is another/],
    [['ftp://a/'], EXIT.usage, /only http:\/\/ and https:\/\/ can be fetched/],
    [['http://'], EXIT.usage, /is no URL/],
    [[url, '-H', 'nonsense'], EXIT.usage, /'nonsense' is not a field: write 'Name: value'/],
    [[url, '-d', 'x', '-T', 'y'], EXIT.usage, /--data and --upload exclude each other/],
    [[url, '-T', '/no/such/file'], EXIT.usage, /'\/no\/such\/file' cannot be read/],
    [[url, '--data-json', '{'], EXIT.usage, /this is no JSON/],
    [[url, '-H', 'a: b\r\nc: d'], EXIT.failed, /has a control character/],
    [[url, '--proxy', 'ftp://x'], EXIT.failed, /the proxy must be an http:\/\/ or socks5:\/\/ URL/],
    [[url, '--resolve', 'x'], EXIT.usage, /'x' is not NAME:ADDRESS/],
    [[url, '--timeout', 'x'], EXIT.usage, /--timeout: 'x' is not a number/],
  ]
  for (const [args, status, error] of table) {
    const got = await fetched(...args)
    assert.match(got.error, error, args.join(' '))
    assert.equal(got.status, status, args.join(' '))
  }
  const closed = await fetched(`${url}/close`)
  assert.equal(closed.status, EXIT.closed, closed.error)
  times = 0
  const retried = await fetched(`${url}/later`, '--retry', '5')
  assert.deepEqual([retried.status, retried.out, times], [0, 'at last', 3])
  assert.match(retried.error, /the server answered 503: time 2 in /)
})

test('a name that is not there', () => {
  const error = new SocketError('ENOTFOUND', 'getaddrinfo', { address: 'shop.exmaple' })
  const { status, message } = failureOf(error, new URL('http://shop.exmaple/'))
  assert.equal(status, EXIT.name)
  assert.match(message, /'reticle dig shop\.exmaple' asks for it/)
})

test('what an address without a scheme is asked by', () => {
  const table: [address: string, url: string][] = [
    ['example.com', 'https://example.com/'],
    ['example.com:8443/x?y#z', 'https://example.com:8443/x?y#z'],
    ['localhost', 'http://localhost/'],
    ['localhost:3000/a', 'http://localhost:3000/a'],
    ['192.0.2.1/a', 'http://192.0.2.1/a'],
    ['[::1]:80/a', 'http://[::1]/a'],
    ['http://example.com', 'http://example.com/'],
  ]
  const none: GivenRequest = {}
  for (const [address, url] of table) assert.equal(readRequest(address, none, () => process.stdin).url.href, url)
})

test('progress fits its terminal, and what a server says moves no cursor', () => {
  const half = { direction: 'upload', bytes: 1_500_000, total: 3_000_000 } as const
  assert.equal(progressLine(half, 50), 'up   [#########          ]  50 %  1.5 MB of 3 MB')
  for (let columns = 10; columns < 200; columns++) assert.ok(progressLine(half, columns).length <= columns)
  assert.equal(progressLine({ direction: 'download', bytes: 999, total: null }, 80), 'down 999 B')
  assert.deepEqual([0, 999, 1000, 1_234_567, 5e15].map(formatBytes), ['0 B', '999 B', '1 kB', '1.23 MB', '5000 TB'])
  assert.equal(plain('a\x1b[31m\r\n\x9bé'), 'a\\x1b[31m\\x0d\\x0a\\x9bé')
})
