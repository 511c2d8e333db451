/** Files over a connection that can send them itself: in turn and out of turn, whole and broken off. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type DriverName, kernelHost } from '../../kernel/index.ts'
import { app, sendFile, staticFiles } from '../index.ts'

const LARGE = 3_000_000
/** More than the buffers of both sides hold. */
const HUGE = 64_000_000

function drivers(): DriverName[] {
  try {
    kernelHost({ driver: 'uring' })
    return ['node', 'uring']
  } catch {
    return ['node']
  }
}

async function served(t: TestContext, driver: DriverName): Promise<{ folder: string; port: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-files-'))
  writeFileSync(
    join(folder, 'large'),
    new Uint8Array(LARGE).map((_, i) => i % 251),
  )
  writeFileSync(join(folder, 'small'), 'small')
  writeFileSync(join(folder, 'huge'), '')
  truncateSync(join(folder, 'huge'), HUGE)
  const site = app({ hosts: ['x'] })
  site.get('/large', (c) => sendFile(c, join(folder, 'large')))
  site.use(staticFiles(folder))
  const server = await site.serve(kernelHost({ driver }), { address: '127.0.0.1', port: 0 })
  t.after(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })
  return { folder, port: server.local.port! }
}

/** What the server answers to these bytes, until it closes. */
async function exchange(port: number, text: string): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1')
  const parts: Buffer[] = []
  socket.on('data', (bytes: Buffer) => parts.push(bytes))
  socket.write(text)
  await once(socket, 'close')
  return Buffer.concat(parts)
}

function get(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`
}

for (const driver of drivers()) {
  test(`${driver}: a file, a part of it, only its head, and two at once in a pipeline`, async (t) => {
    const { port } = await served(t, driver)
    const all = await exchange(
      port,
      get('/large') +
        get('/large', 'Range: bytes=1000-2000999\r\n') +
        `HEAD /large HTTP/1.1\r\nHost: x\r\n\r\n` +
        get('/small', 'Connection: close\r\n'),
    )
    const bodies: Buffer[] = []
    let at = 0
    for (const silent of [false, false, true, false]) {
      const end = all.indexOf('\r\n\r\n', at) + 4
      const head = all.toString('latin1', at, end)
      const length = silent ? 0 : Number(/content-length: (\d+)/i.exec(head)![1])
      bodies.push(all.subarray(end, end + length))
      at = end + length
    }
    assert.equal(at, all.length)
    assert.deepEqual(
      bodies.map((body) => body.length),
      [LARGE, 2_000_000, 0, 5],
    )
    for (const [which, offset] of [
      [0, 0],
      [1, 1000],
    ] as const)
      for (const [i, byte] of bodies[which]!.entries())
        if (byte !== (offset + i) % 251) assert.fail(`byte ${i} of body ${which}`)
  })

  test(`${driver}: a file that becomes shorter breaks the reply off; a client that leaves is forgotten`, async (t) => {
    const { folder, port } = await served(t, driver)
    const leaving = connect(port, '127.0.0.1')
    leaving.on('error', () => {})
    leaving.write(get('/huge'))
    await once(leaving, 'data')
    leaving.resetAndDestroy()
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}) // ECONNRESET
    const closed = new Promise((resolve) => socket.once('close', resolve))
    let got = 0
    socket.on('data', (bytes: Buffer) => {
      if (got === 0) truncateSync(join(folder, 'huge'), 10)
      got += bytes.length
    })
    socket.write(get('/huge'))
    await closed
    assert.ok(got > 0 && got < HUGE, `${got} bytes`)
  })

  test(`${driver}: a file that is replaced, changed or taken away is not served from before`, async (t) => {
    const { folder, port } = await served(t, driver)
    const body = async (path = '/small'): Promise<string> => {
      const text = (await exchange(port, get(path, 'Connection: close\r\n'))).toString()
      return `${text.slice(9, 12)} ${text.slice(text.indexOf('\r\n\r\n') + 4)}`
    }
    assert.equal(await body(), '200 small')
    writeFileSync(join(folder, 'next'), 'replaced')
    renameSync(join(folder, 'next'), join(folder, 'small'))
    assert.equal(await body(), '200 replaced')
    writeFileSync(join(folder, 'small'), 'changed in place')
    assert.equal(await body(), '200 changed in place')
    rmSync(join(folder, 'small'))
    assert.match(await body(), /^404/)
    writeFileSync(join(folder, 'small'), 'again')
    assert.equal(await body(), '200 again')
    if (process.getuid!() === 0) return
    chmodSync(join(folder, 'small'), 0)
    assert.match(await body(), /^404/)
  })
}

test('no more files are kept open than the limit, and those in use are not closed', async (t) => {
  const { folder, port } = await served(t, 'node')
  for (let i = 0; i < 100; i++) writeFileSync(join(folder, `f${i}`), `file ${i}`)
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 100; i++) {
      const text = (await exchange(port, get(`/f${i}`, 'Connection: close\r\n'))).toString()
      assert.ok(text.endsWith(`file ${i}`))
    }
  if (process.platform !== 'linux') return
  const open = readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)
    } catch {
      return false
    }
  })
  assert.ok(open.length <= 64, `${open.length} are open`)
})
