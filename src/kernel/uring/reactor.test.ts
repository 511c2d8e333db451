import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { connect as netConnect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { below, SeededRandom } from '../../base/random.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import { libc } from '../libc.ts'
import { KERNEL_LIMITS, type KernelLimits } from '../limits.ts'
import { connect } from './connect.ts'
import { uringMissing } from './driver.ts'
import { listen } from './listener.ts'
import { Reactor } from './reactor.ts'

const skip = uringMissing() ?? false
const AT = { address: '127.0.0.1', port: 0 }

function owner(methods: Partial<ConnectionOwner> = {}): ConnectionOwner {
  return { onData() {}, onEnd() {}, onDrain() {}, onClose() {}, ...methods }
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}

/** A reactor of its own, closed when the test is over. */
function reactor(t: TestContext, limits: Partial<KernelLimits> = {}): Reactor {
  const own = new Reactor(libc()!, { ...KERNEL_LIMITS, ...limits }, () => {})
  t.after(async () => {
    while (own.open > 0) await settled()
    own.close()
  })
  return own
}

test('whoever dies at whatever moment: no descriptor, slot or chunk is lost', { skip }, async (t) => {
  const random = new SeededRandom('churn')
  await settled()
  const before = descriptors()
  const own = reactor(t)
  const accepted: Connection[] = []
  const accept = (connection: Connection): void => {
    accepted.push(connection)
    serve(connection, random)
  }
  const listener = listen(own, KERNEL_LIMITS, AT, accept, {})
  for (let round = 0; round < 60; round++) await Promise.all([0, 1, 2, 3].map(() => call(listener.local.port!, random)))
  await listener.close()
  assert.ok(accepted.length > 200)
  for (const connection of accepted) connection.reset() // those who paused cannot have noticed
  while (own.open > 0) await settled()
  assert.equal(own.chunks.taken, 0)
  own.close()
  await settled()
  assert.equal(descriptors(), before)
})

/** Echoes, and leaves in one of five ways at a random moment. */
function serve(connection: Connection, random: SeededRandom): void {
  const leave = [
    () => connection.end(),
    () => connection.close(),
    () => connection.reset(),
    () => connection.pause(),
    () => {},
  ][below(random, 5)]!
  let left = below(random, 4)
  connection.attach(
    owner({
      onData(bytes) {
        connection.write(bytes)
        if (left-- === 0) leave()
      },
      onEnd: () => connection.end(),
    }),
  )
  if (below(random, 8) === 0) leave()
}

/** A peer made by Node: sends a random amount and disappears, politely or not. */
function call(port: number, random: SeededRandom): Promise<void> {
  return new Promise((resolve) => {
    const socket = netConnect({ port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.write(new Uint8Array(1 + below(random, 400_000)))
    const how = below(random, 3)
    if (how === 0) socket.end()
    setTimeout(() => (how === 2 ? socket.resetAndDestroy() : socket.destroy()), below(random, 4))
    if (below(random, 2) === 0) socket.resume()
  })
}

test('rings that are made and closed leave nothing behind', { skip }, async (t) => {
  await settled()
  const before = descriptors()
  for (let i = 0; i < 5; i++) {
    const own = reactor(t)
    const listener = listen(own, KERNEL_LIMITS, AT, (c) => c.reset(), {})
    const connection = await connect(own, KERNEL_LIMITS, listener.local, {})
    await new Promise<void>((resolve) => connection.attach(owner({ onClose: () => resolve() })))
    await listener.close()
    own.close()
  }
  await settled()
  assert.equal(descriptors(), before)
})

test('more at once than the rings and the receive buffers hold: nothing is lost', { skip }, async (t) => {
  const count = 2_500 // 1,024 submissions, 4,096 completions and 256 receive buffers fit
  const own = reactor(t, { receiveBuffers: 256 })
  const echo = (c: Connection): void =>
    c.attach(owner({ onData: (bytes) => void c.write(bytes), onEnd: () => c.end() }))
  const listener = listen(own, KERNEL_LIMITS, AT, echo, { backlog: 4096 })
  const clients = await Promise.all(
    Array.from({ length: count }, () => connect(own, KERNEL_LIMITS, listener.local, {})),
  )
  const echoed = clients.map(
    (client, i) =>
      new Promise<boolean>((resolve) => {
        const onData = (bytes: Uint8Array): void => {
          resolve(bytes[0] === i % 256)
          client.end()
        }
        client.attach(owner({ onData }))
        client.write(Uint8Array.of(i % 256))
      }),
  )
  assert.ok((await Promise.all(echoed)).every((right) => right))
  await listener.close()
  while (own.open > 0) await settled()
  assert.equal(own.chunks.taken, 0)
})

test('many readable connections cost one read each, once the buffers have grown to them', { skip }, async (t) => {
  const count = 1_500
  const own = reactor(t)
  const echo = (c: Connection): void =>
    c.attach(owner({ onData: (bytes) => void c.write(bytes), onEnd: () => c.end() }))
  const listener = listen(own, KERNEL_LIMITS, AT, echo, { backlog: 4096 })
  const clients = await Promise.all(
    Array.from({ length: count }, () => connect(own, KERNEL_LIMITS, listener.local, {})),
  )
  const missed: number[] = []
  for (let round = 0; round < 6; round++) {
    await Promise.all(
      clients.map((client) => {
        const echoed = new Promise<void>((resolve) => client.attach(owner({ onData: () => resolve() })))
        client.write(Uint8Array.of(round))
        return echoed
      }),
    )
    missed.push(own.small.missed)
  }
  assert.ok(missed[0]! > 0 && missed[0]! < 3 * count, `${missed[0]} reads found no buffer in the first round`)
  assert.ok(missed[5]! - missed[1]! < count / 10, `${missed.join(', ')} reads found no buffer by the end of each round`)
  assert.ok(own.small.circulating >= count / 2)
  for (const client of clients) client.reset()
  await listener.close()
})

test('buffers that are not needed any more go out of circulation', { skip }, async (t) => {
  const own = reactor(t)
  const { small } = own
  const least = small.circulating
  for (let i = 0; i < 500; i++) small.starved()
  small.publish()
  assert.equal(small.circulating, least + 500)
  small.decay()
  for (let id = 0; id < least + 500; id++) small.give(id) // as if the kernel had used them, one by one
  small.publish()
  assert.equal(small.circulating, least)
})

test('a bulk transfer takes large buffers, and small ones again when it is over', { skip }, async (t) => {
  const own = reactor(t)
  const reads: number[] = []
  const accepted = Promise.withResolvers<Connection>()
  const listener = listen(own, KERNEL_LIMITS, AT, accepted.resolve, {})
  const client = await connect(own, KERNEL_LIMITS, listener.local, {})
  const server = await accepted.promise
  const done = new Promise<void>((resolve) => {
    let left = 4_000_000
    const onData = (bytes: Uint8Array): void => {
      reads.push(bytes.length)
      left -= bytes.length
      if (left === 0) resolve()
    }
    server.attach(owner({ onData }))
  })
  client.write(new Uint8Array(4_000_000))
  await done
  assert.ok(reads.length < 4_000_000 / 10_000, `${reads.length} reads`)
  client.reset()
  await listener.close()
})

test('a peer that does not read costs little more than what is queued for it', { skip }, async (t) => {
  const own = reactor(t)
  const accepted: Connection[] = []
  const listener = listen(own, KERNEL_LIMITS, AT, (c) => void accepted.push(c), {})
  const client = await connect(own, KERNEL_LIMITS, listener.local, { options: { SO_SNDBUF: 4608 } })
  client.attach(owner())
  for (let i = 0; i < 100 && client.queued < 20_000; i++) {
    client.write(new Uint8Array(20_000))
    await settled()
  }
  assert.ok(client.queued >= 20_000)
  assert.ok(own.chunks.taken <= 2)
  client.reset()
  for (const connection of accepted) connection.reset()
  await listener.close()
})

test('when the kernel refuses the ring everything on it fails, and nothing spins', { skip }, async () => {
  let broken = 0
  const own = new Reactor(libc()!, KERNEL_LIMITS, () => broken++)
  const warned: string[] = []
  const warning = (one: Error): void => void warned.push(one.message)
  process.on('warning', warning)
  const accepted: Connection[] = []
  const listener = listen(own, KERNEL_LIMITS, AT, (c) => void accepted.push(c), {})
  const client = await connect(own, KERNEL_LIMITS, listener.local, {})
  const closed = new Promise<string | undefined>((resolve) => {
    client.attach(owner({ onClose: (error) => resolve(error?.code) }))
  })
  libc()!.close(own.ring.fd)
  client.write(Uint8Array.of(1))
  const flushing = client.flush()
  await assert.rejects(flushing, { code: 'EBADF', syscall: 'io_uring_enter' })
  assert.equal(await closed, 'EBADF')
  await listener.close()
  await settled()
  process.off('warning', warning)
  assert.equal(broken, 1)
  assert.match(warned.join(), /the listener on 127.0.0.1:\d+ has ended: io_uring_enter EBADF/)
})

test('an abandoned connect leaves nothing behind', { skip }, async (t) => {
  const own = reactor(t)
  const listener = listen(own, KERNEL_LIMITS, AT, (c) => c.reset(), {})
  for (let i = 0; i < 20; i++) {
    const controller = new AbortController()
    const connecting = connect(own, KERNEL_LIMITS, listener.local, { signal: controller.signal })
    if (i % 2 === 0) setImmediate(() => controller.abort())
    else controller.abort()
    await connecting.then(
      (c) => c.reset(),
      () => {},
    )
  }
  await listener.close()
  while (own.open > 0) await settled()
  assert.equal(own.chunks.taken, 0)
})

test('the memory that an owner is shown cannot be taken away from the kernel', { skip }, async (t) => {
  const own = reactor(t)
  let thrown: unknown
  const listener = listen(
    own,
    KERNEL_LIMITS,
    AT,
    (c) => {
      c.attach(
        owner({
          onData(bytes) {
            try {
              structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] })
            } catch (error) {
              thrown = error
            }
            c.write(bytes)
          },
          onEnd: () => c.close(),
        }),
      )
    },
    {},
  )
  const connection = await connect(own, KERNEL_LIMITS, listener.local, {})
  const echoed = new Promise<number>((resolve) => {
    connection.attach(owner({ onData: (bytes) => resolve(bytes[0]!) }))
  })
  connection.write(Uint8Array.of(7))
  assert.equal(await echoed, 7)
  assert.ok(thrown instanceof Error)
  connection.close()
  await listener.close()
})

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}
