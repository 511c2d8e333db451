import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { connect as netConnect } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { below, SeededRandom } from '../../base/random.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import { epollMissing, epollReactor } from '../epoll/driver.ts'
import { KERNEL_LIMITS, type KernelLimits } from '../limits.ts'
import { uringMissing, uringReactor } from '../uring/driver.ts'
import { connect } from './connect.ts'
import { listen } from './listener.ts'
import type { Reactor } from './reactor.ts'

const AT = { address: '127.0.0.1', port: 0 }

/** What every engine must do alike. */
function suite(
  name: string,
  missing: string | null,
  make: (limits: KernelLimits, onBroken: () => void) => Reactor,
): void {
  /** A reactor of its own, closed when the test is over. */
  function reactor(t: TestContext, limits: Partial<KernelLimits> = {}): Reactor {
    const own = make({ ...KERNEL_LIMITS, ...limits }, () => {})
    t.after(async () => {
      while (own.open > 0) await settled()
      own.close()
    })
    return own
  }

  describe(name, { skip: missing ?? false }, () => {
    test('whoever dies at whatever moment: no descriptor, slot or chunk is lost', async (t) => {
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
      for (let round = 0; round < 60; round++)
        await Promise.all([0, 1, 2, 3].map(() => call(listener.local.port!, random)))
      await listener.close()
      assert.ok(accepted.length > 200)
      for (const connection of accepted) connection.reset() // those who paused cannot have noticed
      while (own.open > 0) await settled()
      assert.equal(own.chunks.taken, 0)
      own.close()
      await settled()
      assert.equal(descriptors(), before)
    })

    test('rings that are made and closed leave nothing behind', async (t) => {
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

    test('a peer that does not read costs little more than what is queued for it', async (t) => {
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

    test('an abandoned connect leaves nothing behind', async (t) => {
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

    test('the memory that an owner is shown cannot be taken away from the kernel', async (t) => {
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
  })
}

suite('uring', uringMissing(), uringReactor)
suite('epoll', epollMissing(), epollReactor)

function owner(methods: Partial<ConnectionOwner> = {}): ConnectionOwner {
  return { onData() {}, onEnd() {}, onDrain() {}, onClose() {}, ...methods }
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}

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

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}
