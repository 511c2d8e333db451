/**
 * What stands in the documents works when a reader copies it: every TypeScript program is checked by the compiler and run,
 * every command of the package is run. A program or command without a row below fails the test: say what it has to do.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { after, before } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { promisify } from 'node:util'
import { AcmeServer } from '../../src/certificates/trial/acme-server.ts'
import { serve } from '../../src/http/index.ts'
import { kernelHost } from '../../src/kernel/index.ts'
import { createAuthority, issue, tlsHost } from '../../src/tls/index.ts'
import { commands, documents, type Program, programs, templates } from './snippets.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'reticle-docs-'))
const running = new Set<ChildProcess>()

/** A program of the documents that runs: what it has printed so far, and what becomes of it. */
class Running {
  readonly #child: ChildProcess
  output = ''
  readonly ended: Promise<number | null>

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd: string = folder) {
    const child = spawn(process.execPath, args, {
      cwd,
      // A program's own tests are not part of this one.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    running.add(child)
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (this.output += data))
    this.ended = new Promise((resolve) => child.once('close', (code) => resolve(code)))
    this.ended.then(() => running.delete(child))
  }

  /** The program ends by itself, without an error; gives what it printed. */
  async whole(): Promise<string> {
    assert.equal(await this.ended, 0, this.output)
    return this.output
  }

  /** Waits until the output matches. @throws when the program ends before. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output)
      if (found !== null) return found
      const more = new Promise<false>((resolve) => {
        for (const stream of [this.#child.stdout!, this.#child.stderr!]) stream.once('data', () => resolve(false))
      })
      const over = await Promise.race([more, this.ended.then(() => true)])
      if (over && !pattern.test(this.output)) assert.fail(`the program ended; it printed:\n${this.output}`)
    }
  }

  async stop(): Promise<void> {
    this.#child.kill()
    await this.ended
  }
}

/** A TCP connection to a server that comes up soon; gives all that it sends before it closes. */
async function heard(port: number, server: Running): Promise<string> {
  for (;;) {
    const text = await new Promise<string | null>((resolve) => {
      let text = ''
      const socket = connect(port, '127.0.0.1')
      socket.on('data', (data) => (text += data))
      socket.once('close', () => resolve(text))
      socket.once('error', () => resolve(null))
    })
    if (text !== null) return text
    const over = await Promise.race([
      server.ended.then(() => true),
      new Promise((resolve) => setTimeout(resolve, 20, false)),
    ])
    assert.ok(!over, server.output)
  }
}

/** A page of a site that comes up soon. */
async function page(url: string, site: Running): Promise<string> {
  for (;;) {
    const reply = await fetch(url).catch(() => null)
    if (reply !== null) return await reply.text()
    const over = await Promise.race([
      site.ended.then(() => true),
      new Promise((resolve) => setTimeout(resolve, 20, false)),
    ])
    assert.ok(!over, site.output)
  }
}

type Act = (file: string) => Promise<void>

/** What each program of the documents has to do when it is run. */
const PROGRAMS: Readonly<Record<string, Act>> = {
  'docs/tls.md 1': async (file) => {
    const server = new Running([file])
    await server.until(/https at port 8443/)
    const socket = tlsConnect({ port: 8443, servername: 'shop.example', rejectUnauthorized: false })
    socket.end('GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n')
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    assert.match(text, /TLSv1\.3 for shop\.example/)
    await server.stop()
  },
  'docs/tls.md 2': async (file) => {
    const authority = createAuthority('a test')
    const trusted = join(folder, 'acme-authority.pem')
    writeFileSync(trusted, authority.certificate)
    const name = 'localhost:14443'
    const addressOf = () => '127.0.0.1'
    const host = kernelHost()
    const acme = new AcmeServer({
      host,
      address: '127.0.0.1',
      port: 14_443,
      name,
      alpnPort: 8443,
      authority,
      addressOf,
    })
    await acme.listen()
    const env = { ACME: acme.url, PORT: '8443', NODE_EXTRA_CA_CERTS: trusted, XDG_DATA_HOME: join(folder, 'data') }
    const server = new Running([file], env)
    await server.until(/a certificate until 20\d\d-/)
    await server.stop()
    await acme.close()
  },
  'docs/tls.md 3': async (file) => {
    const authority = createAuthority('a test')
    const certificates = issue(authority, ['localhost'])
    const host = tlsHost(kernelHost(), { server: { certificates } })
    const server = await serve(host, (exchange) => exchange.reply(200, [], 'secured'), { port: 8443 })
    assert.equal(await new Running([file], { AUTHORITY: String(authority.certificate) }).whole(), '200 secured\n')
    await server.close()
  },
  'README.md 1': async (file) => {
    const server = new Running([file])
    assert.equal(await heard(9999, server), '')
    await server.until(/Client connected: 127\.0\.0\.1 : \d+/)
    await server.stop()
  },
  'README.md 2': async (file) => {
    assert.match(await new Running([file]).whole(), /^Hello! after \d+\.\d+ virtual seconds\n$/)
  },
  'README.md 3': async (file) => {
    const site = new Running([file], { PORT: '8765' })
    assert.equal(await page('http://127.0.0.1:8765/', site), 'Hello, world')
    const missing = await fetch('http://127.0.0.1:8765/posts/1')
    assert.equal(missing.status, 404)
    await missing.text()
    await site.stop()
  },
  'README.md 4': async (file) => {
    assert.match(await new Running([file]).whole(), /^GET answered in \d+ ms\n<h1>Hello Ada<\/h1>\n/)
  },
  'README.md 5': async (file) => {
    const printed = await new Running([file]).whole()
    assert.match(printed, /tell ada@example\.org\n\[ 'Ada: 1500' \]\n\[ \{ state: 'open', cents: 1500 \} \]/)
  },
  'README.md 6': async (file) => {
    assert.equal(await new Running([file]).whole(), 'three seeds, three visits each\n')
  },
  'docs/programs.md 1': async (file) => {
    assert.match(await new Running([file]).whole(), /^pg postgres undici/)
  },
  'docs/web.md 1': async (file) => {
    assert.equal(await new Running([file]).whole(), '')
  },
  'docs/web.md 2': async (file) => {
    assert.equal(await new Running([file]).whole(), '')
  },
  'docs/web.md 3': async (file) => {
    const site = new Running([file], { PORT: '0', SECRET: 'only for tests, and long enough!' })
    const [, port] = await site.until(/listening on port (\d+)/)
    assert.match(await page(`http://127.0.0.1:${port}/`, site), /<a href="\/sign-in">Sign in<\/a>/)
    await site.stop()
  },
  'docs/web.md 4': async (file) => {
    assert.match(await new Running(['--test', file]).whole(), /pass 2\b/)
  },
  'docs/proxy.md 1': async (file) => {
    assert.equal(await new Running([file]).whole(), "GET /hello 200 true\nfrom behind [ 'up' ]\n")
  },
  'docs/client.md 1': async (file) => {
    const lines = ['200 cookies: none 2', '200 cookies: none 2', '200 cookies: id=7 3']
    assert.equal(await new Running([file]).whole(), `${lines.join('\n')}\n`)
  },
  'docs/production.md 1': async (file) => {
    const site = new Running([file], { PORT: '0' })
    const [, port] = await site.until(/listening on 127\.0\.0\.1 port (\d+)/)
    assert.equal(await page(`http://127.0.0.1:${port}/health`, site), 'ok')
    const refused = get({ port, path: '/', headers: { host: 'other.example' } })
    const [reply] = (await once(refused, 'response')) as [IncomingMessage]
    assert.equal(reply.resume().statusCode, 400)
    await site.stop()
  },
  'src/dns/README.md 1': async (file) => {
    assert.equal(await new Running([file]).whole(), "[ '192.0.2.80', '2001:db8::80' ]\n")
  },
  'docs/sockets.md 1': async (file) => {
    assert.match(await new Running([file]).whole(), /^Hello, 10\.\d+\.\d+\.\d+ after \d+(\.\d+)? virtual ms\n$/)
  },
}

/** What each command of the documents has to print. Those that serve are stopped when they have said so. */
const COMMANDS: Readonly<Record<string, RegExp>> = {
  'look http://board.example/': /The connection is closed: four-way close/,
  'dns serve examples/zones/board.example.zone --port 5353': /5353/,
  'dig board.example MX @127.0.0.1 -p 5353': /MX\s+10 /,
  'dns resolve --port 5300': /5300/,
  'proxy check examples/proxy/proxy.jsonc': /well-formed, 3 routes/,
}

/** What the programs of the documents import beside this package. */
const INSTALLED = [...['@types', '@electric-sql', 'express', 'pg', 'postgres', 'undici', 'ws', 'ioredis', 'nodemailer']]

before(() => {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/reticle'))
  for (const name of INSTALLED) symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  for (const program of programs()) writeFileSync(fileOf(program), program.text)
  for (const { file, text } of templates()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  cpSync(join(root, 'tsconfig.json'), join(folder, 'base.json'))
})

after(() => {
  for (const child of running) child.kill()
  rmSync(folder, { recursive: true, force: true })
})

function fileOf({ name, file }: Program): string {
  return join(folder, file ?? `${name.replaceAll(/[^\w]+/g, '-')}.ts`)
}

test('every program of the documents passes the compiler', async () => {
  const compilerOptions = { noUnusedLocals: false, noUncheckedIndexedAccess: false }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: './base.json', compilerOptions, include: ['*.ts'] }),
  )
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
    cwd: folder,
  }).catch((error: { stdout: string }) => assert.fail(error.stdout))
})

for (const program of programs()) {
  const { name } = program
  test(`the program ${name} does what its document says`, async () => {
    const act = PROGRAMS[name]
    assert.ok(act, `say in ${import.meta.filename} what the program '${name}' has to do`)
    await act(fileOf(program))
  })
}

test('every command of the documents runs', async () => {
  const serving: Running[] = []
  for (const { document, text } of commands()) {
    const words = text.replace(/^(npm run -s reticle -- |reticle )/, '')
    const expected = COMMANDS[words]
    assert.ok(expected, `${document}: say in ${import.meta.filename} what '${words}' prints`)
    const args = words.startsWith('npx node ') ? words.slice(9) : `src/cli/main.ts ${words}`
    const command = new Running(args.split(' '), {}, root)
    await command.until(expected)
    if (/^dns (serve|resolve)/.test(words)) serving.push(command)
    else await command.whole()
  }
  for (const server of serving) await server.stop()
})

test('the documents are found', () => {
  assert.ok(documents.includes('README.md') && documents.includes('docs/architecture.md'), documents.join(' '))
})
