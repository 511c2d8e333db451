/** An owner that writes down what it is told, and lets a test wait for it. */
import assert from 'node:assert/strict'
import type { SocketError } from '../../../src/base/errors.ts'
import { ipOf, type PathAddress } from '../../../src/socket/address.ts'
import type { Connection, ConnectionOwner, Host, Listener, ListenOptions } from '../../../src/socket/host.ts'
import type { World } from './world.ts'

interface Waiter {
  is(): boolean
  resolve(): void
}

/** What the running test has opened and a failure might leave open. */
const opened: (() => void)[] = []

/** Has `release` called when the test is over, however it ends. */
export function onRelease(release: () => void): void {
  opened.push(release)
}

/** Lets go of whatever a test left open, so that one failure does not keep the process alive. */
export function releaseAll(): void {
  for (const release of opened.splice(0)) release()
}

export class Recorder implements ConnectionOwner {
  readonly connection: Connection
  received = 0
  ended = false
  drains = 0
  readonly closes: (SocketError | null)[] = []
  /** Called after the recording, for a test that acts inside the call. */
  react: (what: 'data' | 'end' | 'drain' | 'close', bytes?: Uint8Array) => void = () => {}
  readonly #chunks: Uint8Array[] = []
  #calling = false
  #waiters: Waiter[] = []

  constructor(connection: Connection) {
    this.connection = connection
    onRelease(() => connection.reset())
  }

  /** A connection with a recorder attached to it. */
  static on(connection: Connection): Recorder {
    const recorder = new Recorder(connection)
    recorder.attach()
    return recorder
  }

  attach(): void {
    this.call((connection) => connection.attach(this))
  }

  /** Uses the connection, and fails if it calls its owner meanwhile (`ConnectionOwner`: never from inside). */
  call<T>(use: (connection: Connection) => T): T {
    const outer = this.#calling
    this.#calling = true
    try {
      return use(this.connection)
    } finally {
      this.#calling = outer
    }
  }

  write(text: string): boolean {
    return this.call((connection) => connection.write(encode(text)))
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes)
  }

  /** What was received, up to a megabyte. */
  get bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#chunks))
  }

  /** Gives bytes back; they are recorded again when they come again. */
  unread(bytes: Uint8Array): void {
    this.call((connection) => connection.unread(bytes))
  }

  get closed(): boolean {
    return this.closes.length > 0
  }

  onData(bytes: Uint8Array): void {
    assert.equal(bytes.constructor, Uint8Array, 'not a Buffer, whose slice does not copy')
    this.#told('data')
    assert.ok(bytes.length > 0, 'onData gives at least one byte')
    assert.ok(!this.ended, 'no data after the end')
    this.received += bytes.length
    if (this.received <= 1_000_000) this.#chunks.push(bytes.slice())
    this.#tell('data', bytes)
  }

  onEnd(): void {
    this.#told('end')
    assert.ok(!this.ended, 'the end comes once')
    this.ended = true
    this.#tell('end')
  }

  onDrain(): void {
    this.#told('drain')
    this.drains++
    this.#tell('drain')
  }

  onClose(error: SocketError | null): void {
    this.#told('close')
    this.closes.push(error)
    this.#tell('close')
  }

  /** Waits, event by event, until it is so. */
  until(is: () => boolean): Promise<void> {
    if (is()) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.push({ is, resolve })
    })
  }

  #told(what: string): void {
    assert.ok(!this.#calling, `${what} was told from inside the owner's own call`)
    assert.equal(this.closes.length, 0, `${what} was told after onClose`)
  }

  #tell(what: 'data' | 'end' | 'drain' | 'close', bytes?: Uint8Array): void {
    this.react(what, bytes)
    const still: Waiter[] = []
    for (const waiter of this.#waiters) {
      if (waiter.is()) waiter.resolve()
      else still.push(waiter)
    }
    this.#waiters = still
  }
}

/** Listens and hands out connections one by one. */
export class Door {
  readonly listener: Listener
  readonly accepted: Connection[]
  readonly #waiters: ((connection: Connection) => void)[]

  private constructor(listener: Listener, accepted: Connection[], waiters: ((connection: Connection) => void)[]) {
    this.listener = listener
    onRelease(() => void listener.close())
    this.accepted = accepted
    this.#waiters = waiters
  }

  static async open(host: Host, address: string | PathAddress, options: ListenOptions = {}, port = 0): Promise<Door> {
    const accepted: Connection[] = []
    const waiters: ((connection: Connection) => void)[] = []
    const accept = (connection: Connection): void => {
      const waiter = waiters.shift()
      if (waiter === undefined) accepted.push(connection)
      else waiter(connection)
    }
    const at = typeof address === 'string' ? { address, port } : address
    return new Door(await host.listen(at, accept, options), accepted, waiters)
  }

  get port(): number {
    return ipOf(this.listener.local, 'listen').port
  }

  /** The next connection, in the order in which they were accepted. */
  next(): Promise<Connection> {
    const waiting = this.accepted.shift()
    if (waiting !== undefined) return Promise.resolve(waiting)
    return new Promise((resolve) => {
      this.#waiters.push(resolve)
    })
  }
}

/** One connection, both ends recorded, and the door it came through. */
export interface Pair {
  readonly door: Door
  readonly client: Recorder
  readonly server: Recorder
}

export async function pair(world: World, address = world.place?.() ?? world.serverAddress): Promise<Pair> {
  const { door, client, server } = await quietPair(world, address)
  client.attach()
  server.attach()
  return { door, client, server }
}

/** The same, with nobody attached yet. */
export async function quietPair(world: World, address = world.place?.() ?? world.serverAddress): Promise<Pair> {
  const door = await Door.open(world.server, address)
  const client = new Recorder(await world.client.connect(door.listener.local))
  const server = new Recorder(await door.next())
  return { door, client, server }
}

/** Closes what a test has opened and waits until it is gone. */
export async function shut({ door, client, server }: Pair): Promise<void> {
  for (const end of [client, server]) {
    end.call((connection) => connection.reset())
    if (!end.closed) end.attach()
  }
  await Promise.all([client, server].map((end) => end.until(() => end.closed)))
  await door.listener.close()
}

/**
 * A round trip of its own from client to server: what was under way before it has arrived when it returns, on hosts
 * that keep the order of packets. Says "still nothing" without a clock.
 */
export async function roundTrip(world: World): Promise<void> {
  const other = await pair(world)
  other.client.write('ping')
  await other.server.until(() => other.server.received === 4)
  other.server.write('pong')
  await other.client.until(() => other.client.received === 4)
  await shut(other)
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The byte at a place of an endless stream that does not repeat at any power of two. */
export function patternAt(offset: number): number {
  return (offset % 251) ^ (Math.floor(offset / 251) % 241)
}

export function pattern(offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = patternAt(offset + i)
  return bytes
}

/** Has the reader compare what arrives with the pattern. */
export function checkPattern(reader: Recorder): void {
  let offset = 0
  reader.react = (what, bytes) => {
    if (what === 'data' && Buffer.compare(bytes!, pattern(offset, bytes!.length)) !== 0)
      assert.fail(`wrong bytes after ${offset}`)
    offset += bytes?.length ?? 0
  }
}
