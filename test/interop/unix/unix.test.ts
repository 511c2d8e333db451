/** Unix sockets with other programs at the other end: curl, Python, nginx before and behind. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { Client, serve } from '../../../src/http/index.ts'
import { type DriverName, kernelHost } from '../../../src/kernel/index.ts'
import { libc } from '../../../src/kernel/libc.ts'
import {
  AF_UNIX,
  connectTo,
  create_server,
  SO_PEERCRED,
  SO_PROTOCOL,
  SOCK_DGRAM,
  SOL_SOCKET,
  Socket,
  socketpair,
} from '../../../src/socket/index.ts'
import { app } from '../../../src/web/index.ts'
import { needCommand } from '../../need.ts'

const run = promisify(execFile)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

function drivers(): DriverName[] {
  try {
    kernelHost({ driver: 'uring' })
    return ['node', 'uring']
  } catch {
    return ['node']
  }
}

/** A folder for this test alone. */
function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'reticle-unix-'))
  // What still writes there is ended by later hooks: this one must not fail before them.
  t.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}

/** A process that ends with the test. */
function start(t: TestContext, command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill())
  return child
}

async function appears(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** A server has bound the path, and listens there: between the two a client is refused. */
async function listens(path: string): Promise<void> {
  for (;;) {
    const socket = connect(path)
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

for (const driver of drivers()) {
  test(`${driver}: curl reaches a site at a path, and at an abstract name`, {
    skip: needCommand('curl'),
  }, async (t) => {
    const path = join(folder(t), 'site.sock')
    const site = app({ hosts: ['board.example'] })
    site.get('/', (c) => `hello ${c.header('host')}`)
    const server = await site.serve(kernelHost({ driver }), { unix: path, listen: { mode: 0o600 } })
    t.after(() => server.close())
    const { stdout } = await run('curl', ['-sS', '--unix-socket', path, 'http://board.example/'])
    assert.equal(stdout, 'hello board.example')
    const big = await run('curl', ['-sS', '--unix-socket', path, 'http://board.example/', 'http://board.example/'])
    assert.equal(big.stdout, 'hello board.example'.repeat(2), 'a connection is used again')
    const name = `reticle-${process.pid}-${driver}`
    const hidden = await serve(kernelHost({ driver }), (exchange) => exchange.reply(200, [], 'hidden'), {
      unix: `\0${name}`,
    })
    t.after(() => hidden.close())
    assert.equal((await run('curl', ['-sS', '--abstract-unix-socket', name, 'http://x/'])).stdout, 'hidden')
  })

  test(`${driver}: nginx before a site and behind a client, by paths`, { skip: needCommand('nginx') }, async (t) => {
    const path = folder(t)
    const host = kernelHost({ driver })
    const site = await serve(
      host,
      async (exchange) => exchange.reply(200, [], `${exchange.method} ${(await exchange.body.bytes()).length}`),
      { unix: join(path, 'site.sock'), listen: { mode: 0o666 } },
    )
    t.after(() => site.close())
    writeFileSync(
      join(path, 'nginx.conf'),
      `daemon off; master_process off; pid ${path}/nginx.pid; error_log ${path}/error.log;
       events {}
       http { access_log off; client_body_temp_path ${path}/body; proxy_temp_path ${path}/proxy;
         fastcgi_temp_path ${path}/f; uwsgi_temp_path ${path}/u; scgi_temp_path ${path}/s;
         upstream site { server unix:${path}/site.sock; keepalive 4; }
         server { listen unix:${path}/nginx.sock; client_max_body_size 10m;
           location / { proxy_pass http://site; proxy_http_version 1.1; proxy_set_header Connection ""; } } }`,
    )
    start(t, 'nginx', ['-c', `${path}/nginx.conf`, '-p', path, '-e', `${path}/error.log`])
    await listens(`${path}/nginx.sock`)
    const client = new Client(connectTo(host, { path: `${path}/nginx.sock` }))
    t.after(() => client.close())
    for (let i = 0; i < 20; i++) {
      const reply = await client.request('http://localhost/', { method: 'POST', body: new Uint8Array(i * 50_000) })
      assert.deepEqual([reply.status, await reply.body.text()], [200, `POST ${i * 50_000}`])
    }
  })

  test(`${driver}: Python talks to Berkeley sockets, streams and datagrams`, {
    skip: needCommand('python3'),
  }, async (t) => {
    const path = folder(t)
    const host = kernelHost({ driver })
    const server = await create_server(host, `${path}/stream.sock`, { family: AF_UNIX })
    assert.deepEqual(server.getsockname(), [`${path}/stream.sock`, 0])
    assert.equal(server.getsockopt(SOL_SOCKET, SO_PROTOCOL), 0)
    const python = start(t, 'python3', [
      '-c',
      `import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1] + '/stream.sock'); s.sendall(b'from python'); s.shutdown(socket.SHUT_WR)
print(s.recv(100).decode())
d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); d.bind(sys.argv[1] + '/python.sock')
text, who = d.recvfrom(100)
d.sendto(b'echo of ' + text, who)`,
      path,
    ])
    let printed = ''
    python.stdout!.on('data', (bytes: Buffer) => {
      printed += bytes
    })
    const [connection, [name]] = await server.accept()
    assert.equal(name, '')
    let all = ''
    for await (const bytes of connection) all += decode(bytes)
    assert.equal(all, 'from python')
    if (libc() !== null) {
      const { pid } = connection.getsockopt(SOL_SOCKET, SO_PEERCRED) as { pid: number }
      assert.equal(pid, python.pid)
    }
    await connection.sendall('from reticle')
    await connection.close()
    await server.close()
    assert.ok(!existsSync(`${path}/stream.sock`))
    if (libc() === null) return
    const socket = new Socket(host, AF_UNIX, SOCK_DGRAM)
    await socket.bind(`${path}/reticle.sock`)
    await appears(`${path}/python.sock`)
    await socket.sendto('ping', `${path}/python.sock`)
    const [bytes, from] = await socket.recvfrom()
    assert.deepEqual([decode(bytes), from], ['echo of ping', [`${path}/python.sock`, 0]])
    await socket.close()
    assert.equal(printed, 'from reticle\n')
  })

  test(`${driver}: socketpair is a pair of the kernel’s`, { skip: libc() === null }, async () => {
    const host = kernelHost({ driver })
    const [left, right] = await socketpair(host)
    assert.equal(left.family, AF_UNIX)
    await left.sendall('through the kernel')
    assert.equal(decode(await right.recv()), 'through the kernel')
    await left.close()
    assert.equal((await right.recv()).length, 0)
    await right.close()
    const [up, down] = await socketpair(host, AF_UNIX, SOCK_DGRAM)
    await up.send('one')
    await up.send('two')
    assert.deepEqual([decode(await down.recv()), decode(await down.recv())], ['one', 'two'])
    await up.close()
    await down.close()
  })
}

test('the file of a server goes when its process ends by itself, and stays when it is killed', async (t) => {
  const path = join(folder(t), 'site.sock')
  const program = (last: string): string => `
    import { kernelHost } from '${new URL('../../../src/kernel/index.ts', import.meta.url).href}'
    import { serve } from '${new URL('../../../src/http/index.ts', import.meta.url).href}'
    await serve(kernelHost(), () => {}, { unix: '${path}' })
    ${last}`
  const ended = (last: string): Promise<unknown> =>
    run(process.execPath, ['--input-type=module-typescript', '-e', program(last)]).catch(() => {})
  await ended('process.exit(0)')
  assert.ok(!existsSync(path))
  await ended('throw new Error("nobody catches this")')
  assert.ok(!existsSync(path))
  await ended('process.kill(process.pid, "SIGKILL")')
  assert.ok(existsSync(path))
  await ended('process.exit(0)')
  assert.ok(!existsSync(path), 'the next server takes its place')
})
