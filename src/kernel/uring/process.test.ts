/** What only a whole process shows: that it ends, sleeps, survives its owners' mistakes and its limits. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { uringMissing } from './driver.ts'

const skip = uringMissing() ?? false
const KERNEL = new URL('../index.ts', import.meta.url).href
const PREAMBLE = `
  import { kernelHost } from '${KERNEL}'
  const host = kernelHost({ driver: 'uring' })
  const at = { address: '127.0.0.1', port: 0 }
  const owner = (methods = {}) => ({ onData() {}, onEnd() {}, onDrain() {}, onClose() {}, ...methods })
  const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis))
`

/** Runs a module in a process of its own: what it printed. Fails when it does not end by itself with status 0. */
function run(script: string, through: readonly string[] = []): Promise<string> {
  const [command, ...args] = [...through, process.execPath, '--input-type=module-typescript', '-e', PREAMBLE + script]
  return new Promise((resolve, reject) => {
    execFile(command!, args, { timeout: 15_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`))
      else resolve(stdout.trim())
    })
  })
}

test('a process ends when nothing is open, and not before', { skip }, async () => {
  const output = await run(`
    const started = performance.now()
    const listener = await host.listen(at, (c) => c.attach(owner({ onData: (b) => c.write(b), onEnd: () => c.end() })))
    const connection = await host.connect(listener.local)
    connection.attach(owner({ onData(b) { console.log('echo', b[0]); connection.end() } }))
    connection.write(Uint8Array.of(5))
    setTimeout(() => { console.log('still here'); listener.close() }, 100).unref()
    process.on('exit', () => console.log(performance.now() - started < 5000))
  `)
  assert.equal(output, 'echo 5\nstill here\ntrue')
})

test('a process that never opened a socket ends at once', { skip }, async () => {
  assert.equal(await run(`console.log(host.driver.name)`), 'uring')
})

test('process.exit with connections open is clean', { skip }, async () => {
  const output = await run(`
    const listener = await host.listen(at, (c) => c.attach(owner({ onData() { console.log('bye'); process.exit(0) } })))
    const connection = await host.connect(listener.local)
    connection.write(Uint8Array.of(5))
  `)
  assert.equal(output, 'bye')
})

test('idle sockets cost no CPU', { skip }, async () => {
  const output = await run(`
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
  `)
  assert.ok(Number(output) < 50_000, `${output} µs of CPU in half a second of idleness`)
})

test('an owner that throws harms nobody else', { skip }, async () => {
  const output = await run(`
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
  `)
  assert.equal(output, 'my mistake,my mistake,my mistake 1,1,1')
})

test('out of descriptors, a listener waits and comes back, without spinning', { skip }, async () => {
  const output = await run(
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
    while (accepted.length === 1) await sleep(5)
    console.log(waited, accepted.length, user + system < 100_000)
    client.destroy(); second.destroy()
    await listener.close()
  `,
    ['sh', '-c', 'ulimit -n 64; exec "$0" "$@"'],
  )
  assert.equal(output, '1 2 true')
})

test('a worker thread gets the node driver, and the reason', { skip }, async () => {
  const output = await run(`
    import { Worker } from 'node:worker_threads'
    const worker = new Worker(
      "Promise.all([import('${KERNEL}'), import('node:worker_threads')]).then(([kernel, { parentPort }]) => parentPort.postMessage(kernel.kernelHost().driver))",
      { eval: true },
    )
    worker.on('message', ({ name, reason }) => { console.log(name, '-', reason); worker.terminate() })
  `)
  assert.match(output, /^node - a worker thread/)
})
