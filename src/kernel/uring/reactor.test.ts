import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { connect as netConnect } from 'node:net'
import { test } from 'node:test'
import { below, SeededRandom } from '../../base/random.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import { libc } from '../libc.ts'
import { KERNEL_LIMITS } from '../limits.ts'
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

/** A reactor of its own, and the promise that it has given everything back. */
function reactor(idleMillis = 1): { reactor: Reactor; rested: Promise<void> } {
  let rest: () => void = () => {}
  const rested = new Promise<void>((resolve) => {
    rest = resolve
  })
  const own = new Reactor(libc()!, rest, idleMillis)
  const keepAlive = setInterval(() => {}, 1000) // resting is nothing to stay alive for
  rested.then(() => clearInterval(keepAlive))
  return { reactor: own, rested }
}

test('whoever dies at whatever moment: no descriptor, slot or chunk is lost', { skip }, async () => {
  const random = new SeededRandom('churn')
  await settled()
  const before = descriptors()
  const { reactor: own, rested } = reactor()
  const accepted: Connection[] = []
  const accept = (connection: Connection): void => {
    accepted.push(connection)
    serve(connection, random)
  }
  const listener = listen(own, KERNEL_LIMITS, AT, accept, {})
  for (let round = 0; round < 60; round++) await Promise.all([0, 1, 2, 3].map(() => call(listener.local.port, random)))
  await listener.close()
  assert.ok(accepted.length > 200)
  for (const connection of accepted) connection.reset() // those who paused cannot have noticed
  while (own.open > 0) await settled()
  assert.equal(own.chunks.taken, 0)
  await rested
  await settled()
  assert.ok(descriptors() <= before) // fewer when the ring of `uringMissing` has gone to rest meanwhile
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

test('a ring that has rested is made again, many times', { skip }, async () => {
  await settled()
  const before = descriptors()
  for (let i = 0; i < 5; i++) {
    const { reactor: own, rested } = reactor()
    const listener = listen(own, KERNEL_LIMITS, AT, (c) => c.reset(), {})
    const connection = await connect(own, KERNEL_LIMITS, listener.local, {})
    await new Promise<void>((resolve) => connection.attach(owner({ onClose: () => resolve() })))
    await listener.close()
    await rested
  }
  await settled()
  assert.ok(descriptors() <= before) // fewer when the ring of `uringMissing` has gone to rest meanwhile
})

test('more at once than the rings and the receive buffers hold: nothing is lost', { skip }, async () => {
  const count = 2_500 // 1,024 submissions, 4,096 completions and 256 receive buffers fit
  const { reactor: own, rested } = reactor()
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
  await rested
})

test('an abandoned connect leaves nothing behind', { skip }, async () => {
  const { reactor: own, rested } = reactor()
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
  await rested
})

test('the memory that an owner is shown cannot be taken away from the kernel', { skip }, async () => {
  const { reactor: own, rested } = reactor()
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
  await rested
})

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}
