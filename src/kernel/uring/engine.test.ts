/** What only a ring of io_uring has. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import { libc } from '../libc.ts'
import { KERNEL_LIMITS, type KernelLimits } from '../limits.ts'
import { connect } from '../streams/connect.ts'
import { listen } from '../streams/listener.ts'
import { Reactor } from '../streams/reactor.ts'
import { uringMissing, uringReactor } from './driver.ts'
import { UringEngine } from './engine.ts'

const skip = uringMissing() ?? false
const AT = { address: '127.0.0.1', port: 0 }

function owner(methods: Partial<ConnectionOwner> = {}): ConnectionOwner {
  return { onData() {}, onEnd() {}, onDrain() {}, onClose() {}, ...methods }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}

/** A reactor of its own, closed when the test is over. */
function reactor(t: TestContext, given: Partial<KernelLimits> = {}): { own: Reactor; engine: UringEngine } {
  const limits = { ...KERNEL_LIMITS, ...given }
  const engine = new UringEngine(libc()!, limits)
  const own = new Reactor(libc()!, limits, engine, () => {})
  t.after(async () => {
    while (own.open > 0) await settled()
    own.close()
  })
  return { own, engine }
}

test('more at once than the rings and the receive buffers hold: nothing is lost', { skip }, async (t) => {
  const count = 2_500 // 1,024 submissions, 4,096 completions and 256 receive buffers fit
  const { own } = reactor(t, { receiveBuffers: 256 })
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
  const { own, engine } = reactor(t)
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
    missed.push(engine.small.missed)
  }
  assert.ok(missed[0]! > 0 && missed[0]! < 3 * count, `${missed[0]} reads found no buffer in the first round`)
  assert.ok(missed[5]! - missed[1]! < count / 10, `${missed.join(', ')} reads found no buffer by the end of each round`)
  assert.ok(engine.small.circulating >= count / 2)
  for (const client of clients) client.reset()
  await listener.close()
})

test('buffers that are not needed any more go out of circulation', { skip }, async (t) => {
  const { small } = reactor(t).engine
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
  const { own } = reactor(t)
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

test('when the kernel refuses the ring everything on it fails, and nothing spins', { skip }, async () => {
  let broken = 0
  const own = uringReactor(KERNEL_LIMITS, () => broken++)
  const warned: string[] = []
  const warning = (one: Error): void => void warned.push(one.message)
  process.on('warning', warning)
  const accepted: Connection[] = []
  const listener = listen(own, KERNEL_LIMITS, AT, (c) => void accepted.push(c), {})
  const client = await connect(own, KERNEL_LIMITS, listener.local, {})
  const closed = new Promise<string | undefined>((resolve) => {
    client.attach(owner({ onClose: (error) => resolve(error?.code) }))
  })
  libc()!.close(own.engine.fd)
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
