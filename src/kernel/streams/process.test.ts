/** What only a whole process shows: that it ends, sleeps, survives its owners' mistakes and its limits. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, test } from 'node:test'
import { epollMissing } from '../epoll/driver.ts'
import { uringMissing } from '../uring/driver.ts'

const KERNEL = new URL('../index.ts', import.meta.url).href
const SOCKET = new URL('../../socket/index.ts', import.meta.url).href
const DRIVERS = { uring: uringMissing(), epoll: epollMissing(), node: null } as const

/** What such a program begins with. */
const preamble = (driver: string) => `
  import { kernelHost } from '${KERNEL}'
  const host = kernelHost({ driver: '${driver}' })
  const at = { address: '127.0.0.1', port: 0 }
  const owner = (methods = {}) => ({ onData() {}, onEnd() {}, onDrain() {}, onClose() {}, ...methods })
  const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis))
`

/**
 * Runs a module in a process of its own: what it printed. Fails when it does not end by itself with status 0.
 * @param driver that of `host` in there; none for a module that makes its own
 */
function run(driver: string | null, script: string, through: readonly string[] = []): Promise<string> {
  const code = (driver === null ? '' : preamble(driver)) + script
  const [command, ...args] = [...through, process.execPath, '--input-type=module-typescript', '-e', code]
  return new Promise((resolve, reject) => {
    execFile(command!, args, { timeout: 15_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`))
      else resolve(stdout.trim())
    })
  })
}

for (const [driver, missing] of Object.entries(DRIVERS))
  describe(`${driver} driver`, { skip: missing ?? false }, () => {
    test('a process ends when nothing is open, and not before', async () => {
      const output = await run(
        driver,
        `
    const started = performance.now()
    const listener = await host.listen(at, (c) => c.attach(owner({ onData: (b) => c.write(b), onEnd: () => c.end() })))
    const connection = await host.connect(listener.local)
    connection.attach(owner({ onData(b) { console.log('echo', b[0]); connection.end() } }))
    connection.write(Uint8Array.of(5))
    setTimeout(() => { console.log('still here'); listener.close() }, 100).unref()
    process.on('exit', () => console.log(performance.now() - started < 5000))
  `,
      )
      assert.equal(output, 'echo 5\nstill here\ntrue')
    })

    test('a process that never opened a socket ends at once', async () => {
      assert.equal(await run(driver, `console.log(host.driver.name)`), driver)
    })

    test('process.exit with connections open is clean', async () => {
      const output = await run(
        driver,
        `
    const listener = await host.listen(at, (c) => c.attach(owner({ onData() { console.log('bye'); process.exit(0) } })))
    const connection = await host.connect(listener.local)
    connection.write(Uint8Array.of(5))
  `,
      )
      assert.equal(output, 'bye')
    })

    // Node's own sockets keep what is under a cork to themselves, and the rest is libuv's doing.
    describe('what was written reaches the peer, though the process ends at once', { skip: driver === 'node' }, () => {
      const endings: { [title: string]: string } = {
        'process.exit after sendall': "await socket.sendall('precious'); process.exit(0)",
        'process.exit after close': "await socket.sendall('precious'); await socket.close(); process.exit(0)",
        'an uncaught exception':
          "process.on('uncaughtException', () => process.exit(0)); await socket.sendall('precious'); throw new Error()",
        'SIGTERM by default action':
          "await socket.sendall('precious'); process.kill(process.pid, 'SIGTERM'); await sleep(10_000)",
        'process.exit right after write': "c.write(Buffer.from('precious')); process.exit(0)",
        'process.exit right after write and close': "c.write(Buffer.from('precious')); c.close(); process.exit(0)",
        'process.exit under a cork':
          "c.cork(); c.write(Buffer.from('pre')); c.write(Buffer.from('cious')); process.exit(0)",
        'process.exit after 600,000 bytes': 'c.write(new Uint8Array(600_000)); c.close(); process.exit(0)',
      }
      for (const [title, ending] of Object.entries(endings))
        test(title, async () => {
          let heard = 0
          const server = createServer((peer) => {
            peer.on('data', (bytes) => {
              heard += bytes.length
            })
            peer.on('error', () => {})
          })
          await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
          const { port } = server.address() as AddressInfo
          const done = once(server, 'connection').then(([peer]) => once(peer, 'close'))
          const opening = ending.includes('socket')
            ? `const socket = new Socket(host); await socket.connect(['127.0.0.1', ${port}])`
            : `const c = await host.connect({ address: '127.0.0.1', port: ${port} }); c.attach(owner())`
          await run(driver, `import { Socket } from '${SOCKET}'\n${opening}\n${ending}`).catch((error: Error) => {
            if (!ending.includes('SIGTERM')) throw error
          })
          await done
          server.close()
          assert.equal(heard, ending.includes('600_000') ? 600_000 : 8)
        })
    })

    test('idle sockets cost no CPU', async () => {
      const output = await run(
        driver,
        `
    const accepted = []
    const listener = await host.listen(at, (c) => { accepted.push(c); c.attach(owner()) })
    const clients = await Promise.all(Array.from({ length: 20 }, () => host.connect(listener.local)))
    for (const client of clients) client.attach(owner())
    await sleep(100)
    const before = process.cpuUsage()
    await sleep(500)
    const { user, system } = process.cpuUsage(before)
    console.log(user + system)
    process.exit(0)
  `,
      )
      assert.ok(Number(output) < 50_000, `${output} µs of CPU in half a second of idleness`)
    })

    test('an owner that throws harms nobody else', async () => {
      const output = await run(
        driver,
        `
    const caught = []
    process.on('uncaughtException', (error) => caught.push(error.message))
    const listener = await host.listen(at, (c) => c.attach(owner({
      onData(b) { if (b[0] === 0) throw new Error('my mistake'); c.write(b) },
      onEnd() { c.end() },
    })))
    const replies = []
    await Promise.all(Array.from({ length: 6 }, async (_, i) => {
      const connection = await host.connect(listener.local)
      await new Promise((resolve) => {
        connection.attach(owner({ onData(b) { replies.push(b[0]); connection.end() }, onClose: resolve }))
        connection.write(Uint8Array.of(i % 2))
        if (i % 2 === 0) setTimeout(() => connection.end(), 20)
      })
    }))
    await listener.close()
    console.log(caught.join(), replies.join())
  `,
      )
      assert.equal(output, 'my mistake,my mistake,my mistake 1,1,1')
    })

    test('a busy driver starves neither timers nor promises nor other handles', async () => {
      const output = await run(
        driver,
        `
        import { readFile } from 'node:fs/promises'
        import net from 'node:net'
        const listener = await host.listen(at, (c) => c.attach(owner({ onData: (b) => c.write(b) })))
        // Sixty connections that never stop, until they have gone so many times to and fro.
        let left = 60_000
        const done = Promise.withResolvers()
        for (let i = 0; i < 60; i++) {
          const c = await host.connect(listener.local)
          c.attach(owner({ onData(b) { if (left-- > 0) c.write(b); else done.resolve() } }))
          c.write(new Uint8Array(64))
        }
        const turns = { timer: 0, immediate: 0, promise: 0, file: 0, pipe: 0 }
        const chain = async (name, once) => { while (left > 0) { await once(); turns[name]++ } }
        void chain('timer', () => sleep(1))
        void chain('immediate', () => new Promise((resolve) => setImmediate(resolve)))
        void chain('promise', async () => { for (let i = 0; i < 100; i++) await null; await new Promise((resolve) => setImmediate(resolve)) })
        void chain('file', () => readFile('/dev/null'))
        const other = net.createServer((s) => s.pipe(s)).listen(0)
        const socket = net.connect(other.address().port)
        void chain('pipe', () => new Promise((resolve) => { socket.once('data', resolve); socket.write('x') }))
        await done.promise
        console.log(Object.values(turns).every((count) => count >= 10) || JSON.stringify(turns))
        process.exit(0)
      `,
      )
      assert.equal(output, 'true')
    })

    test('a child process has none of the sockets', async () => {
      const output = await run(
        driver,
        `
        import { execFileSync } from 'node:child_process'
        const listener = await host.listen(at, (c) => c.attach(owner()))
        const connection = await host.connect(listener.local)
        connection.attach(owner())
        await sleep(20)
        const held = execFileSync('sh', ['-c', 'ls -l /proc/$$/fd'], { encoding: 'utf8' })
        // Its own three ends, of which the shell knows the numbers, are sockets too.
        const others = held.split('\\n').filter((line) => / -> (socket|anon_inode):/.test(line) && !/ [012] -> /.test(line))
        console.log(others.length === 0 ? 'none' : held)
        process.exit(0)
      `,
      )
      assert.equal(output, 'none')
    })

    test('out of descriptors, a listener waits and comes back, without spinning', async () => {
      const output = await run(
        driver,
        `
    import net from 'node:net'
    const accepted = []
    const listener = await host.listen(at, (c) => { accepted.push(c); c.attach(owner({ onEnd: () => c.close() })) })
    // One client gets in; then the table is filled up, but for the second client's own descriptor.
    const hogs = []
    const { openSync, closeSync } = await import('node:fs')
    const client = net.connect(listener.local.port, '127.0.0.1')
    await new Promise((resolve) => client.on('connect', resolve))
    while (accepted.length === 0) await sleep(5)
    const second = new net.Socket()
    try { for (;;) hogs.push(openSync('/dev/null')) } catch {}
    closeSync(hogs.pop())
    second.connect(listener.local.port, '127.0.0.1')
    await new Promise((resolve) => second.on('connect', resolve))
    const before = process.cpuUsage()
    await sleep(400)
    const { user, system } = process.cpuUsage(before)
    const waited = accepted.length
    for (const hog of hogs) closeSync(hog)
    // libuv has turned the second away; the others have kept it waiting. Whoever comes now is served.
    const third = net.connect(listener.local.port, '127.0.0.1')
    while (accepted.length === 1) await sleep(5)
    console.log(waited, accepted.length > 1, user + system < 100_000)
    client.destroy(); second.destroy(); third.destroy()
    await listener.close()
  `,
        ['sh', '-c', 'ulimit -n 64; exec "$0" "$@"'],
      )
      assert.equal(output, '1 true true')
    })
  })

test('a ring that the kernel does not give is named with what to do', { skip: DRIVERS.uring ?? false }, async () => {
  const output = await run(
    null,
    `
    import { setTimeout } from 'node:timers/promises'
    process.setuid(65534)
    const { kernelHost } = await import('${KERNEL}')
    console.log(kernelHost().driver.reason)
  `,
    ['sh', '-c', 'ulimit -l 64; exec "$0" "$@"'],
  )
  assert.match(output, /ENOMEM.*ulimit -l.*; epoll works here/)
})

for (const [name, key] of [
  ['Bun', 'bun'],
  ['Deno', 'deno'],
] as const)
  test(`${name} gets the node driver, and the reason`, async () => {
    const output = await run(
      null,
      `
      Object.defineProperty(process.versions, '${key}', { value: '1.2.3' })
      const { kernelHost } = await import('${KERNEL}')
      console.log(kernelHost().driver.name, '-', kernelHost().driver.reason)
    `,
    )
    assert.equal(output, `node - this is ${name}, not Node`)
  })

test('a worker thread gets the node driver, and the reason', async () => {
  const output = await run(
    null,
    `
    import { Worker } from 'node:worker_threads'
    const worker = new Worker(
      "Promise.all([import('${KERNEL}'), import('node:worker_threads')]).then(([kernel, { parentPort }]) => parentPort.postMessage(kernel.kernelHost().driver))",
      { eval: true },
    )
    worker.on('message', ({ name, reason }) => { console.log(name, '-', reason); worker.terminate() })
  `,
  )
  assert.match(output, /^node - a worker thread/)
})
