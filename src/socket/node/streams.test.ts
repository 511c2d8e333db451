import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import { duplexPair, PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import test from 'node:test'
import { kernelHost } from '../../kernel/index.ts'
import type { Connection, Listener } from '../host.ts'
import { toDuplex } from './duplex.ts'
import { fromDuplex } from './from-duplex.ts'
import { fromWebStreams, toWebStreams } from './streams.ts'

const NOBODY = { address: '0.0.0.0', port: 0 }
const NOWHERE = { local: NOBODY, remote: NOBODY }

async function connected(): Promise<[Connection, Connection, Listener]> {
  const host = kernelHost({ driver: 'node' })
  const accepted = Promise.withResolvers<Connection>()
  const listener = await host.listen({ address: '127.0.0.1', port: 0 }, accepted.resolve)
  return [await host.connect(listener.local), await accepted.promise, listener]
}

/** Everything that can be read; the stream's other half stays open (Node 26 destroys it at the end of a plain loop). */
async function drain(duplex: Duplex): Promise<string> {
  let text = ''
  for await (const chunk of duplex.iterator({ destroyOnReturn: false })) text += String(chunk)
  return text
}

function pattern(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 10)) & 255))
}

test('a connection as a Duplex: both directions, half-close, everything read though the peer has gone', async () => {
  const [left, right, listener] = await connected()
  const [a, b] = [toDuplex(left), toDuplex(right)]
  a.end('question')
  assert.equal(await drain(b), 'question')
  b.end('answer')
  assert.equal(await drain(a), 'answer')
  await listener.close()
})

test('a Duplex carries backpressure: two megabytes through pipelines', async () => {
  const [left, right, listener] = await connected()
  const bytes = pattern(2 << 20)
  const source = new PassThrough()
  source.end(bytes)
  const got: Buffer[] = []
  await Promise.all([
    pipeline(source, toDuplex(left)),
    (async () => {
      const duplex = toDuplex(right)
      for await (const chunk of duplex.iterator({ destroyOnReturn: false })) got.push(chunk as Buffer)
      duplex.end()
    })(),
  ])
  assert.ok(Buffer.concat(got).equals(bytes))
  await listener.close()
})

test('destroying a Duplex with an error resets the connection', async () => {
  const [left, right, listener] = await connected()
  const [a, b] = [toDuplex(left), toDuplex(right)]
  a.on('error', () => {})
  const failed = new Promise<NodeJS.ErrnoException>((resolve) => b.once('error', resolve))
  b.resume()
  a.destroy(new Error('enough'))
  assert.equal((await failed).code, 'ECONNRESET')
  await listener.close()
})

test('a connection as Web Streams: both directions, end, closed', async () => {
  const [left, right, listener] = await connected()
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

test('aborting the writable resets: the other side sees an error', async () => {
  const [left, right, listener] = await connected()
  const a = toWebStreams(left)
  const b = toWebStreams(right)
  await a.writable.abort(new Error('no more'))
  await assert.rejects(Array.fromAsync(b.readable), { code: 'ECONNRESET' })
  await assert.rejects(b.closed, { code: 'ECONNRESET' })
  await listener.close()
})

test('a Duplex as a connection: nothing before attach, end and close told once', async () => {
  const [mine, theirs] = duplexPair()
  theirs.write('early')
  await new Promise(setImmediate)
  const connection = fromDuplex(mine, NOWHERE)
  const seen: string[] = []
  const closed = new Promise<void>((resolve) => {
    connection.attach({
      onData: (bytes) => {
        assert.equal(bytes.constructor, Uint8Array, 'slice must copy')
        seen.push(new TextDecoder().decode(bytes))
      },
      onEnd: () => {
        seen.push('end')
        connection.write(new TextEncoder().encode('reply'))
        connection.end()
      },
      onDrain: () => {},
      onClose: (error) => {
        seen.push(`close ${error}`)
        resolve()
      },
    })
  })
  assert.deepEqual(seen, [])
  theirs.end('late')
  assert.equal(await drain(theirs), 'reply')
  await closed
  assert.deepEqual(seen.slice(-2), ['end', 'close null'])
  assert.equal(seen.slice(0, -2).join(''), 'earlylate')
  assert.throws(() => connection.setOption('TCP_NODELAY', 1), { code: 'ENOPROTOOPT' })
})

test('Web Streams as a connection, and there and back again', async () => {
  const [mine, theirs] = duplexPair()
  const there = toWebStreams(fromDuplex(mine, NOWHERE))
  const back = toDuplex(fromWebStreams(there, NOWHERE))
  back.end('round')
  assert.equal(await drain(theirs), 'round')
  theirs.end('trip')
  assert.equal(await drain(back), 'trip')
})
