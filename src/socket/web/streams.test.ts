import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { kernelHost } from '../../kernel/index.ts'
import type { Connection, Listener } from '../host.ts'
import { fromWebStreams } from './from-streams.ts'
import { toWebStreams } from './to-streams.ts'

const host = kernelHost({ driver: 'node' })

async function connected(t: TestContext): Promise<[Connection, Connection, Listener]> {
  const accepted = Promise.withResolvers<Connection>()
  const listener = await host.listen({ address: '127.0.0.1', port: 0 }, accepted.resolve)
  t.after(() => listener.close())
  const client = await host.connect(listener.local)
  t.after(() => client.reset())
  const server = await accepted.promise
  t.after(() => server.reset())
  return [client, server, listener]
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 10)) & 255)
}

test('a connection as Web Streams: both directions, end, closed', async (t) => {
  const [left, right, listener] = await connected(t)
  const a = toWebStreams(left)
  const b = toWebStreams(right)
  const writer = a.writable.getWriter()
  const bytes = pattern(1 << 20)
  const writing = (async () => {
    for (let at = 0; at < bytes.length; at += 100_000) await writer.write(bytes.subarray(at, at + 100_000))
    await writer.close()
  })()
  const got: Uint8Array[] = []
  for await (const chunk of b.readable) got.push(chunk)
  await writing
  assert.ok(Buffer.concat(got).equals(bytes))
  await b.writable.close()
  assert.deepEqual(await Array.fromAsync(a.readable), [])
  await Promise.all([a.closed, b.closed])
  await listener.close()
})

test('aborting the writable resets: the other side sees an error', async (t) => {
  const [left, right, listener] = await connected(t)
  const a = toWebStreams(left)
  const b = toWebStreams(right)
  await a.writable.abort(new Error('no more'))
  await assert.rejects(Array.fromAsync(b.readable), { code: 'ECONNRESET' })
  await assert.rejects(b.closed, { code: 'ECONNRESET' })
  await listener.close()
})

test('closing the writable waits until the network has the bytes', async (t) => {
  const [left, right, listener] = await connected(t)
  const a = toWebStreams(left)
  const b = toWebStreams(right)
  const writer = a.writable.getWriter()
  void writer.write(new Uint8Array(16_000_000))
  let closed = false
  const closing = writer.close().then(() => {
    closed = true
  })
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(closed, false, 'nobody has read yet')
  let got = 0
  for await (const chunk of b.readable) got += chunk.length
  await closing
  assert.equal(got, 16_000_000)
  await b.writable.close()
  await Array.fromAsync(a.readable)
  await listener.close()
})

test('what fromWebStreams gives can be turned into streams again', async (t) => {
  const [left, right, listener] = await connected(t)
  const { local, remote } = left
  const again = toWebStreams(fromWebStreams(toWebStreams(left), { local, remote, clock: host.clock }))
  const far = toWebStreams(right)
  const writer = again.writable.getWriter()
  await writer.write(new TextEncoder().encode('round'))
  await writer.close()
  assert.equal(await new Response(far.readable).text(), 'round')
  const back = far.writable.getWriter()
  await back.write(new TextEncoder().encode('trip'))
  await back.close()
  assert.equal(await new Response(again.readable).text(), 'trip')
  await listener.close()
})
