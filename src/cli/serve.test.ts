/** `reticle serve` and `reticle authority`, as they are called, and asked over the network. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AcmeServer } from '../certificates/trial/acme-server.ts'
import { Client, serve as serveHttp } from '../http/index.ts'
import { TestNetwork } from '../http/trial/network.ts'
import { RawClient } from '../http/trial/raw.ts'
import { kernelHost } from '../kernel/index.ts'
import { clientTls, createAuthority } from '../tls/index.ts'
import { main } from './main.ts'
import { toHttps } from './serve/secured.ts'

const folder = mkdtempSync(join(tmpdir(), 'reticle-serve-'))
const files = join(folder, 'public')
const data = join(folder, 'data')
mkdirSync(join(files, 'below'), { recursive: true })
writeFileSync(join(files, 'index.html'), '<h1>front</h1>')
writeFileSync(join(files, 'below', 'index.html'), '<h1>below</h1>')
writeFileSync(join(files, '.secret'), 'secret')
after(() => rmSync(folder, { recursive: true, force: true }))

/** A call that goes on until it is stopped. */
class Serving {
  out = ''
  error = ''
  readonly status: Promise<number>
  readonly #stop = new AbortController()
  #heard: () => void = () => {}

  constructor(...args: readonly string[]) {
    this.status = main(['serve', ...args], {
      out: (text) => this.#hear('out', String(text)),
      error: (text) => this.#hear('error', text),
      colours: false,
      columns: 100,
      interrupted: this.#stop.signal,
    })
  }

  #hear(where: 'out' | 'error', text: string): void {
    this[where] += text
    this.#heard()
  }

  /** Waits until something is printed. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.out)
      if (found !== null) return found
      const more = new Promise<boolean>((resolve) => (this.#heard = () => resolve(true)))
      const goesOn = await Promise.race([more, this.status.then(() => false)])
      if (!goesOn && !pattern.test(this.out)) assert.fail(`it ended; it printed:\n${this.out}${this.error}`)
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    assert.equal(await this.status, 0)
  }
}

async function get(url: string, trust?: string, resolve?: (name: string) => Promise<readonly string[]>) {
  const client = new Client(kernelHost(), {
    ...(trust !== undefined && { tls: clientTls({ trust: [trust] }) }),
    ...(resolve && { resolve }),
  })
  try {
    const reply = await client.request(url)
    return { status: reply.status, text: await reply.body.text() }
  } finally {
    client.close()
  }
}

test('a folder over http: its files, index.html of folders, nothing that is hidden; a line for each request', async () => {
  const serving = new Serving(files, '--port', '0', '--log')
  const [, url] = await serving.until(/ at (http:\/\/localhost:\d+\/)/)
  assert.deepEqual(await get(url!), { status: 200, text: '<h1>front</h1>' })
  assert.deepEqual(await get(`${url}below/`), { status: 200, text: '<h1>below</h1>' })
  assert.equal((await get(`${url}.secret`)).status, 404)
  assert.match(serving.out, /Z 127\.0\.0\.1:\d+ GET localhost:\d+\/below\/\n/)
  // What a stranger asks for moves no cursor: U+009B begins a command of a terminal.
  const raw = connect(Number(new URL(url!).port), '127.0.0.1')
  raw.end(Buffer.from('GET /\x9b2J HTTP/1.1\r\nHost: localhost\r\n\r\n', 'latin1'))
  await serving.until(/ localhost\/\\x9b2J\n/)
  raw.destroy()
  await serving.stop()
})

test('who comes to port 80 is sent to https, and to nowhere else', async () => {
  const network = new TestNetwork()
  const server = await serveHttp(network.host('server', '10.0.0.1'), toHttps(['shop.example']), { port: 80 })
  for (const [line, location] of [
    ['GET /a?b=c', 'https://shop.example/a?b=c'],
    ['GET /a?', 'https://shop.example/a?'],
    ['GET http://shop.example/a?b=c', 'https://shop.example/a?b=c'],
    ['GET http://shop.example', 'https://shop.example/'],
    ['OPTIONS *', 'https://shop.example/'],
  ] as const) {
    const client = await RawClient.open(network.host('client', '10.0.0.2'), server.local)
    const text = await client.send(`${line} HTTP/1.1\r\nHost: shop.example\r\n\r\n`)
    assert.equal(/^Location: (.*)\r$/m.exec(text)?.[1], location, line)
  }
})

test('--https on this machine: a certificate of the development authority, which is made and named', async () => {
  const serving = new Serving(files, '--https', 'shop.test', '--port', '0', '--data', data)
  const [, port] = await serving.until(/ at https:\/\/shop\.test:(\d+)\//)
  await serving.until(/A development authority was made: .*authority\.pem\n.*'reticle authority' says how/)
  const trust = readFileSync(join(data, 'authority', 'authority.pem'), 'utf8')
  assert.equal((await get(`https://localhost:${port}/`, trust)).text, '<h1>front</h1>')
  assert.equal((await get(`https://shop.test:${port}/`, trust, async () => ['127.0.0.1'])).text, '<h1>front</h1>')
  await assert.rejects(get(`https://localhost:${port}/`), { code: 'TLS_UNTRUSTED' })
  await serving.stop()
  const again = new Serving(files, '--https', '--port', '0', '--data', data)
  await again.until(/ at https:/)
  await again.stop()
  assert.doesNotMatch(again.out, /was made/)
})

test('public names: a certificate of an authority on the Internet, kept for the next time', async () => {
  const host = kernelHost()
  const authority = createAuthority('a test')
  const trust = join(folder, 'acme.pem')
  writeFileSync(trust, authority.certificate)
  const [port, acmePort] = [18_443, 18_444]
  const name = `localhost:${acmePort}`
  const addressOf = () => '127.0.0.1'
  const offers = ['tls-alpn-01']
  const server = new AcmeServer({
    host,
    address: '127.0.0.1',
    port: acmePort,
    alpnPort: port,
    name,
    authority,
    addressOf,
    offers,
  })
  await server.listen()
  const args = ['--https', 'Shop.example', '--acme', server.url, '--trust', trust, '--data', data]
  const more = ['--port', String(port), '--address', '127.0.0.1', '--email', 'me@shop.example']
  const serving = new Serving(files, ...args, ...more)
  await serving.until(/a certificate for shop\.example until 20\d\d-/)
  assert.match(serving.out, /By this you agree to the terms of localhost:18444/)
  const trusted = String(authority.certificate)
  const page = await get(`https://shop.example:${port}/`, trusted, async () => ['127.0.0.1'])
  assert.equal(page.text, '<h1>front</h1>')
  assert.deepEqual([...server.accounts.values()][0]!.contact, ['mailto:me@shop.example'])
  await serving.stop()
  const again = new Serving(files, ...args, ...more)
  await again.until(/a certificate for shop\.example until/)
  await again.stop()
  assert.equal(server.orders.length, 1)
  await server.close()
})

test('a module that exports a site, or a function of the host', async () => {
  const web = JSON.stringify(import.meta.resolve('../web/index.ts'))
  const module = join(folder, 'site.ts')
  writeFileSync(
    module,
    `import { app } from ${web}\nexport default (host) => { const site = app({ machine: host }); site.get('/', (c) => c.text('made')); return site }\n`,
  )
  for (const log of [[], ['--log']]) {
    const serving = new Serving(module, '--port', '0', ...log)
    const [, url] = await serving.until(/ at (http:\S+)/)
    assert.equal((await get(url!)).text, 'made')
    await serving.stop()
  }
  writeFileSync(join(folder, 'none.ts'), 'export default 5\n')
  const serving = new Serving(join(folder, 'none.ts'), '--port', '0')
  assert.equal(await serving.status, 2)
  assert.match(serving.error, /the default export of .*none\.ts must make a site/)
})

test('what cannot be meant is said', async () => {
  for (const [args, words] of [
    [['no-such-folder'], /there is no file or folder 'no-such-folder' \(names are for --https\)/],
    [[files, 'shop.example'], /what is 'shop\.example'\? names are for --https/],
    [[files, '--staging'], /--staging goes with --https/],
    [
      [files, '--https', 'shop.example', 'localhost'],
      /no authority gives a certificate for localhost: leave it out, or add --development/,
    ],
    [[files, '--port', '70000'], /--port: /],
    [[files, '--port', 'x'], /--port: /],
    [[files, '--https', 'a.example', '--staging', '--acme', 'https://b.example/'], /--staging is Let's Encrypt's/],
    // Said before a server for the challenges listens, which would keep the process.
    [
      [files, '--https', 'a.example', '--trust', 'no-such-file'],
      /--trust: 'no-such-file' is not a certificate in PEM: ENOENT/,
    ],
    [
      [files, '--https', 'a.example', '--trust', join(files, 'index.html')],
      /--trust: '.*' is not a certificate in PEM/,
    ],
    [
      [files, '--https', 'a.example', '--acme', 'b.example'],
      /--acme: 'b\.example' is not a URL: write one like https:/,
    ],
    [[files, '--https', 'localhost', '--trust', 'ca.pem'], /--trust is for certificates of a public authority/],
    [
      [files, '--https', 'a.example', '--development', '--email', 'a@b.example'],
      /--email is for certificates of a public/,
    ],
  ] as const) {
    const serving = new Serving(...args)
    assert.equal(await serving.status, 2, serving.error)
    assert.match(serving.error, words)
  }
  const first = new Serving(files, '--port', '0')
  const [, port] = await first.until(/:(\d+)\//)
  const second = new Serving(files, '--port', port!)
  assert.equal(await second.status, 1)
  assert.match(second.error, /EADDRINUSE.*choose another --port/)
  await first.stop()
})

test('the authority is shown with how it is trusted, or its path alone', async () => {
  const printed = { out: '', error: '' }
  const terminal = {
    out: (text: string | Uint8Array) => void (printed.out += String(text)),
    error: (text: string) => void (printed.error += text),
    colours: false,
    columns: 100,
    interrupted: new AbortController().signal,
  }
  assert.equal(await main(['authority', '--data', data], terminal), 0)
  assert.match(printed.out, /authority\.pem\nvalid until 20\d\d-\d\d-\d\d\n\nTo trust it:\n/)
  printed.out = ''
  assert.equal(await main(['authority', '--path', '--data', data], terminal), 0)
  assert.equal(printed.out, `${join(data, 'authority', 'authority.pem')}\n`)
  assert.equal(await main(['authority', 'what'], terminal), 2)
})
