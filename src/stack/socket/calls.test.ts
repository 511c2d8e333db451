/** Programs that call a connection in any order, at both ends, over a link that loses some: what `Connection` promises holds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/duration.ts'
import { below, SeededRandom } from '../../base/random.ts'
import { drop, internet, ms, pass, seconds } from '../../sim/index.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'

const SEEDS = 40
const CALLS = 120

/** A program that holds one end and does what chance says, from inside its callbacks too. */
class Caller {
  readonly #connection: Connection
  readonly #random: SeededRandom
  /** What was told against the promise. */
  readonly broken: string[] = []
  /** Flushes that have not settled yet. */
  waiting = 0
  #owner: Recorder

  constructor(connection: Connection, random: SeededRandom) {
    this.#connection = connection
    this.#random = random
    this.#owner = new Recorder(this)
    connection.attach(this.#owner)
  }

  chance(count: number): number {
    return below(this.#random, count)
  }

  act(): void {
    const connection = this.#connection
    const chance = (count: number) => this.chance(count)
    const calls: (() => unknown)[] = [
      () => connection.write(new Uint8Array(chance(3000))),
      () => connection.write(new Uint8Array(chance(3000))),
      () => connection.write(new Uint8Array(chance(900_000))),
      () => connection.cork(),
      () => connection.uncork(),
      () => connection.pause(),
      () => connection.resume(),
      () => connection.resume(),
      () => chance(3) === 0 && connection.end(),
      () => chance(4) === 0 && connection.close(),
      () => chance(4) === 0 && connection.close(ms(chance(500))),
      () => chance(6) === 0 && connection.reset(),
      () => this.#unread(),
      () => this.#flush(),
      () => connection.attach((this.#owner = new Recorder(this))),
      () => connection.setOption('SO_RCVBUF', 1 + chance(200_000)),
      () => connection.setOption('SO_SNDBUF', 1 + chance(200_000)),
      () => connection.setOption('TCP_NODELAY', chance(2)),
      () => connection.setOption('TCP_CORK', chance(2)),
      () => connection.setOption('TCP_QUICKACK', chance(2)),
      () => connection.setOption('SO_KEEPALIVE', chance(2)),
      () => connection.setOption('SO_LINGER', { on: chance(2) === 1, seconds: chance(3) }),
      () => connection.setOption('TCP_NOTSENT_LOWAT', chance(20_000)),
      () => connection.setOption('TCP_USER_TIMEOUT', chance(20_000)),
      () => connection.getOption('TCP_INFO'),
    ]
    calls[chance(calls.length)]!()
  }

  /** The end that was told already is taken back, and told again after the bytes. */
  #unread(): void {
    this.#owner.ended = false
    this.#connection.unread(new Uint8Array(1 + this.chance(50)))
  }

  #flush(): void {
    this.waiting++
    const settled = () => {
      this.waiting--
    }
    this.#connection.flush().then(settled, settled)
  }

  close(): void {
    this.#connection.close()
  }
}

class Recorder implements ConnectionOwner {
  ended = false
  #closed = false
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  #told(what: string, against: boolean): void {
    if (against) this.#caller.broken.push(what)
    if (this.#caller.chance(3) === 0) this.#caller.act()
  }

  onData(): void {
    this.#told('data after the end', this.ended || this.#closed)
  }

  onEnd(): void {
    const twice = this.ended || this.#closed
    this.ended = true
    this.#told('a second end', twice)
  }

  onDrain(): void {
    this.#told('a drain after the close', this.#closed)
  }

  onClose(): void {
    const twice = this.#closed
    this.#closed = true
    this.#told('a second close', twice)
  }
}

async function play(seed: number): Promise<void> {
  const random = new SeededRandom(`calls ${seed}`)
  const net = internet({ seed: `calls ${seed}` })
  const [a, b] = [net.host('a', { limits: { orphans: 2 } }), net.host('b')]
  net.link(a, b, { latency: ms(5) })
  let loss = 0
  net.rule(({ chance }) => (chance('loss') < loss ? drop('loss') : pass))
  const callers: Caller[] = []
  await net.run(
    async () => {
      const take = (connection: Connection) => void callers.push(new Caller(connection, random))
      await b.listen({ address: '0.0.0.0', port: 80 }, take)
      for (let i = 0; i < 3; i++) take(await a.connect({ address: b.address, port: 80 }))
      loss = seed % 2 === 0 ? 0 : 0.1
      for (let i = 0; i < CALLS; i++) {
        callers[below(random, callers.length)]!.act()
        if (below(random, 3) === 0) await sleep(net.clock, ms(below(random, 40)))
      }
      for (const caller of callers) caller.close()
      await sleep(net.clock, seconds(400))
    },
    { limit: seconds(4000) },
  )
  for (const { broken, waiting } of callers) assert.deepEqual([broken, waiting], [[], 0])
  assert.deepEqual([a.stack.tcp.connectionCount, b.stack.tcp.connectionCount], [0, 0])
}

test(`whatever programs call and when: the order of what they are told, flushes that settle, nothing left, ${SEEDS} seeds`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++)
    await play(seed).catch((error: Error) => {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error })
    })
})
