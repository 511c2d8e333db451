import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { Socket as NetSocket } from 'node:net'
import { type Duplex, duplexPair, PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import test, { type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { ms, sleep } from '../../base/duration.ts'
import { kernelHost } from '../../kernel/index.ts'
import { libc } from '../../kernel/libc.ts'
import { DRIVERS } from '../../kernel/trial/drivers.ts'
import { internet } from '../../sim/index.ts'
import type { Connection, Listener } from '../host.ts'
import { toDuplex } from './duplex.ts'
import { fromDuplex } from './from-duplex.ts'

const NOBODY = { address: '0.0.0.0', port: 0 }
const NOWHERE = { local: NOBODY, remote: NOBODY }

async function connected(t: TestContext): Promise<[Connection, Connection, Listener]> {
  const host = kernelHost({ driver: 'node' })
  const accepted = Promise.withResolvers<Connection>()
  const listener = await host.listen({ address: '127.0.0.1', port: 0 }, accepted.resolve)
  t.after(() => listener.close())
  const client = await host.connect(listener.local)
  t.after(() => client.reset())
  const server = await accepted.promise
  t.after(() => server.reset())
  return [client, server, listener]
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

test('a connection as a Duplex: both directions, half-close, everything read though the peer has gone', async (t) => {
  const [left, right, listener] = await connected(t)
  const [a, b] = [toDuplex(left), toDuplex(right)]
  a.end('question')
  assert.equal(await drain(b), 'question')
  b.end('answer')
  assert.equal(await drain(a), 'answer')
  await listener.close()
})

test('a Duplex carries backpressure: two megabytes through pipelines', async (t) => {
  const [left, right, listener] = await connected(t)
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

test('destroying a Duplex with an error closes, as net.Socket does', async (t) => {
  const [left, right, listener] = await connected(t)
  const [a, b] = [toDuplex(left), toDuplex(right)]
  a.on('error', () => {})
  a.write('all of it')
  a.destroy(new Error('enough'))
  assert.equal(await drain(b), 'all of it')
  b.destroy()
  await listener.close()
})

test('half of what was written does not pass for the whole: an error resets', async (t) => {
  const [left, right, listener] = await connected(t)
  const [a, b] = [toDuplex(left), toDuplex(right)]
  a.on('error', () => {})
  const failed = once(b, 'error')
  a.write(pattern(16 << 20))
  a.write('the other half')
  a.destroy(new Error('enough'))
  b.resume()
  assert.equal((await failed.then(([error]) => error)).code, 'ECONNRESET')
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

test('everything that net.Socket has, a SocketDuplex has', async (t) => {
  const [left, right, listener] = await connected(t)
  const duplex = toDuplex(left)
  // What begins with an underscore is Node's own; a connected Duplex is not connected again (HostSocket is).
  const missing = Object.getOwnPropertyNames(NetSocket.prototype).filter(
    (name) => !name.startsWith('_') && name !== 'connect' && !(name in duplex),
  )
  assert.deepEqual(missing, [])
  duplex.destroy()
  right.reset()
  await listener.close()
})

test('addresses, counts and states are those of a net.Socket', async (t) => {
  const [left, right, listener] = await connected(t)
  const [a, b] = [toDuplex(left), toDuplex(right)]
  assert.deepEqual(a.address(), { address: '127.0.0.1', family: 'IPv4', port: a.localPort })
  assert.deepEqual([a.remoteAddress, a.remotePort, a.remoteFamily], ['127.0.0.1', b.localPort, 'IPv4'])
  assert.deepEqual([a.connecting, a.pending, a.readyState], [false, false, 'open'])
  a.cork()
  a.write('hello')
  assert.deepEqual([a.bytesWritten, a.bufferSize], [5, 5])
  a.uncork()
  a.end(' world')
  assert.equal(await drain(b), 'hello world')
  assert.deepEqual([a.bytesWritten, b.bytesRead, a.bytesRead], [11, 11, 0])
  assert.equal(a.readyState, 'readOnly')
  b.end()
  a.resume()
  const [hadError] = await once(a, 'close')
  assert.deepEqual([hadError, a.readyState], [false, 'closed'])
  await listener.close()
})

test('options reach the connection, and those that a host lacks are no error', async (t) => {
  const [left, right, listener] = await connected(t)
  const a = toDuplex(left)
  assert.equal(a.setNoDelay().setKeepAlive(true, 5000).setTypeOfService(16), a)
  if (libc() !== null)
    assert.deepEqual(
      [left.getOption('TCP_NODELAY'), left.getOption('SO_KEEPALIVE'), left.getOption('TCP_KEEPIDLE')],
      [1, 1, 5],
    )
  const [mine, theirs] = duplexPair()
  const poor = toDuplex(fromDuplex(mine, NOWHERE))
  poor.setNoDelay().setKeepAlive(true).ref().unref()
  poor.destroy()
  theirs.destroy()
  right.reset()
  a.destroy()
  await listener.close()
})

test('a close after an error says so; the error comes first', async (t) => {
  const [left, right, listener] = await connected(t)
  const a = toDuplex(left)
  const told: unknown[] = []
  a.on('error', (error: NodeJS.ErrnoException) => told.push(error.code))
  const closed = new Promise((resolve) => a.on('close', resolve))
  a.resume()
  right.reset()
  told.push(await closed)
  assert.deepEqual(told, ['ECONNRESET', true])
  await listener.close()
})

test('the time-out is on the host’s clock, and activity puts it off', async () => {
  const net = internet({ seed: 'time-out' })
  const [client, server] = [net.host('client'), net.host('server')]
  net.link(client, server, { latency: ms(10) })
  await net.run(async () => {
    const accepted = Promise.withResolvers<Connection>()
    await server.listen({ address: '0.0.0.0', port: 80 }, accepted.resolve)
    const a = toDuplex(await client.connect({ address: server.address, port: 80 }), { clock: client.clock })
    const b = toDuplex(await accepted.promise, { clock: server.clock })
    const began = client.clock.now()
    const at = () => Math.round((client.clock.now() - began) / 1e6)
    const rings: number[] = []
    a.setTimeout(1000, () => rings.push(at()))
    a.on('timeout', () => rings.push(at()))
    assert.equal(a.timeout, 1000)
    await sleep(client.clock, ms(600))
    b.write('still there')
    await sleep(client.clock, ms(5000))
    assert.deepEqual(rings, [1610, 1610], 'a second after the last byte, once, and the listener once')
    a.write('again')
    await sleep(client.clock, ms(5000))
    assert.deepEqual(rings, [1610, 1610, 6600])
    a.setTimeout(0)
    a.write('and never')
    await sleep(client.clock, ms(60_000))
    assert.equal(rings.length, 3)
    assert.throws(() => a.setTimeout(-1), RangeError)
    a.destroy()
    b.destroy()
  })
})

test('destroySoon lets what was written go out', async (t) => {
  const [left, right, listener] = await connected(t)
  const [a, b] = [toDuplex(left), toDuplex(right)]
  a.write(pattern(1 << 20))
  a.destroySoon()
  let got = 0
  for await (const chunk of b) got += (chunk as Buffer).length
  assert.equal(got, 1 << 20)
  assert.ok(a.destroyed)
  await listener.close()
})

test('an unref’d socket does not keep the process alive', async () => {
  for (const driver of DRIVERS) {
    const program = `
      import { kernelHost } from '${new URL('../../kernel/index.ts', import.meta.url).href}'
      import { toDuplex } from '${new URL('./index.ts', import.meta.url).href}'
      import { createServer } from 'node:net'
      const server = createServer(() => {}).listen(0, '127.0.0.1', async () => {
        server.unref()
        const to = { address: '127.0.0.1', port: server.address().port }
        const socket = toDuplex(await kernelHost({ driver: '${driver}' }).connect(to))
        socket.resume()
        socket.unref()
        console.log('connected')
      })
      server.on('connection', (peer) => peer.unref())`
    const args = ['--input-type=module-typescript', '-e', program]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 10_000 })
    assert.equal(stdout, 'connected\n')
  }
})
