/**
 * An engine and what lives on it: hands results to the sockets they belong to, and collects what they want to begin, so
 * that all of a turn of Node's event loop goes over together.
 */
import type { SocketError } from '../../base/errors.ts'
import type { Libc } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'
import { Poll } from '../poll.ts'
import { type Engine, RESULT_GOES_ON } from './engine.ts'
import { SendChunks } from './send-chunks.ts'

/** Turns of submit and reap before the rest of the event loop gets its turn. */
const TURNS = 4
/** How often what a burst needed is looked at, and let go where nobody needs it any more. */
const PERIOD_MS = 1000
/** While the process ends: a connection with more queued than so many chunks has a peer that does not read. */
const LAST_ROUNDS = 64
/** `user_data`'s high half: the low bits say which operation, the rest is the slot's generation. */
const KIND_BITS = 3
export const RECEIVED = 1
export const SENT = 2
export const ACCEPTED = 3
export const CONNECTED = 4
export const WRITABLE = 5
const CANCELLED = 6
const CLOSED = 7

/** Those that have failed: the kernel may still be writing to their memory, so they are never let go. */
const broken: Reactor[] = []

/**
 * A descriptor and the operations under way on it. Its slot is given to another, and its memory reused, only when
 * the last of them has completed: descriptors are reused by the kernel at once, so they name nothing here.
 */
export abstract class Endpoint {
  readonly reactor: Reactor
  readonly fd: number
  readonly index: number
  readonly tag: number
  /** Operations the kernel has not finished. */
  inflight = 0
  released = false
  /** Keeps the process alive. */
  reffed = true
  /** In the reactor's list of those with something to do at the end of this turn. */
  listed = false

  constructor(reactor: Reactor, fd: number) {
    this.reactor = reactor
    this.fd = fd
    const [index, generation] = reactor.join(this)
    this.index = index
    this.tag = (generation << KIND_BITS) | 0
  }

  /** An operation has completed (or, with RESULT_GOES_ON, has one more result). */
  abstract completed(kind: number, result: number, flags: number): void
  /** The end of a turn in which `reactor.list(this)` was called: submit and deliver what is due. */
  abstract turn(): void
  /** Everything is over and the slot has been given up. */
  abstract freed(): void
  /** The engine has failed, and with it whatever was under way; `freed` follows. */
  abstract broken(error: SocketError): void
  /** The process ends: submits what is queued, and calls nobody. */
  lastWords(): void {}
  /** The same, after a send has completed. */
  sentAtExit(_result: number): void {}

  /** An operation of that kind is about to begin: what the engine is to be told as its name. */
  protected begin(kind: number): number {
    this.inflight++
    this.reactor.schedule()
    return this.tag | kind
  }

  /** Ends whatever is under way on the descriptor. */
  cancel(): void {
    this.reactor.engine.cancel(this.fd, this.index, this.begin(CANCELLED))
  }

  /** Ends what is under way and closes the descriptor; `freed` follows when both are done. */
  release(): void {
    if (this.released) return
    this.released = true
    const cancelled = this.inflight > 0 ? this.begin(CANCELLED) : null
    this.reactor.engine.release(this.fd, this.index, cancelled, this.begin(CLOSED))
  }

  ref(): void {
    this.reactor.keepAlive(this, true)
  }

  unref(): void {
    this.reactor.keepAlive(this, false)
  }

  /** Gives up the slot but leaves the descriptor open: another endpoint takes it over. */
  leave(): void {
    this.reactor.part(this)
  }
}

export class Reactor {
  readonly libc: Libc
  readonly engine: Engine
  readonly chunks: SendChunks
  readonly #poll: Poll
  readonly #onBroken: () => void
  readonly #slots: (Endpoint | null)[] = []
  readonly #generations: number[] = []
  readonly #freeSlots: number[] = []
  /** Endpoints with a slot, and those of them that keep the process alive. */
  open = 0
  #reffed = 0
  #list: Endpoint[] = []
  #scheduled = false
  #draining = false
  #state: 'running' | 'ending' | 'closed' = 'running'
  #period: NodeJS.Timeout | null = null
  readonly #atExit = (): void => this.#sendLastWords()

  /**
   * It lives as long as the process: an idle ring costs some 200 KB, and could not always be had again.
   * @param onBroken called when the kernel refuses the engine; everything on it has failed.
   */
  constructor(libc: Libc, limits: KernelLimits, engine: Engine, onBroken: () => void) {
    this.libc = libc
    this.engine = engine
    this.#onBroken = onBroken
    this.chunks = new SendChunks(libc.ffi, limits.freeSendBytes)
    try {
      this.#poll = new Poll(libc, engine.fd, () => this.schedule())
      this.#poll.watch(true, false)
      this.#poll.unref()
    } catch (error) {
      engine.dispose()
      throw error
    }
    process.once('exit', this.#atExit)
  }

  join(endpoint: Endpoint): [index: number, generation: number] {
    const index = this.#freeSlots.pop() ?? this.#slots.length
    this.#slots[index] = endpoint
    const generation = ((this.#generations[index] ?? 0) + 1) | 0
    this.#generations[index] = generation
    this.open++
    this.#count(1)
    return [index, generation]
  }

  part(endpoint: Endpoint): void {
    this.#slots[endpoint.index] = null
    this.#freeSlots.push(endpoint.index)
    this.open--
    if (endpoint.reffed) this.#count(-1)
  }

  keepAlive(endpoint: Endpoint, reffed: boolean): void {
    if (endpoint.reffed === reffed) return
    endpoint.reffed = reffed
    if (this.#slots[endpoint.index] === endpoint) this.#count(reffed ? 1 : -1)
  }

  #count(change: number): void {
    const before = this.#reffed
    this.#reffed += change
    if (before === 0) this.#poll.ref()
    else if (this.#reffed === 0) this.#poll.unref()
  }

  /** Has `endpoint.turn()` called at the end of this turn, once. */
  list(endpoint: Endpoint): void {
    if (endpoint.listed) return
    endpoint.listed = true
    this.#list.push(endpoint)
    this.schedule()
  }

  /** Makes sure that there is a turn: now if one is under way, else as soon as the event loop comes round. */
  schedule(): void {
    if (this.#scheduled || this.#draining || this.#state !== 'running') return
    this.#scheduled = true
    setImmediate(this.#drain)
  }

  readonly #drain = (): void => {
    this.#scheduled = false
    if (this.#state !== 'running') return
    this.#draining = true
    const { engine } = this
    let finished = false
    try {
      for (let turn = 0; turn < TURNS; turn++) {
        engine.reap(this.#completed, turn === 0)
        if (this.#list.length > 0) this.#takeTurns()
        engine.publish()
        if (engine.pending === 0 && !engine.overflowed) break
        engine.enter()
      }
      finished = true
    } finally {
      this.#draining = false
      if (engine.failure !== null) this.#break(engine.failure)
      // After an owner's exception, and when the kernel did not take all: what is left must not wait for a wake-up.
      else if (!finished || this.#list.length > 0 || engine.pending > 0) this.schedule()
      this.#period ??= setTimeout(this.#decay, PERIOD_MS).unref()
    }
  }

  readonly #completed = (low: number, high: number, result: number, flags: number): void => {
    const endpoint = this.#slots[low]
    if (!endpoint || (endpoint.tag ^ high) >>> KIND_BITS !== 0) return // of a socket that is no more
    if ((flags & RESULT_GOES_ON) === 0) endpoint.inflight--
    const kind = high & ((1 << KIND_BITS) - 1)
    try {
      if (kind < CANCELLED) endpoint.completed(kind, result, flags)
    } finally {
      if (endpoint.released && endpoint.inflight === 0) {
        this.part(endpoint)
        endpoint.freed()
      }
    }
  }

  #takeTurns(): void {
    const list = this.#list
    this.#list = []
    for (let i = 0; i < list.length; i++) {
      const endpoint = list[i]!
      endpoint.listed = false
      try {
        endpoint.turn()
      } catch (error) {
        this.#list = list.slice(i + 1).concat(this.#list)
        throw error
      }
    }
  }

  /** What the last burst needed goes back to the heap when nobody has needed it for a while. */
  readonly #decay = (): void => {
    this.#period = null
    this.engine.decay()
    if (this.chunks.decay()) this.#period = setTimeout(this.#decay, PERIOD_MS).unref()
  }

  /**
   * What `write` has taken must reach the kernel although the process ends now (process.exit, an uncaught exception):
   * whoever wrote it was told that it is on its way. Owners are not called any more.
   */
  #sendLastWords(): void {
    if (this.#state !== 'running') return
    this.#state = 'ending'
    try {
      for (const endpoint of this.#slots) endpoint?.lastWords()
      for (let round = 0; round < LAST_ROUNDS && this.engine.pending > 0; round++) {
        this.engine.enter()
        this.engine.reap(this.#sentAtExit, false)
      }
    } catch {} // the kernel takes no more: there is nobody left to tell
  }

  readonly #sentAtExit = (low: number, high: number, result: number, flags: number): void => {
    const endpoint = this.#slots[low]
    if (!endpoint || (endpoint.tag ^ high) >>> KIND_BITS !== 0 || (flags & RESULT_GOES_ON) !== 0) return
    endpoint.inflight--
    if ((high & ((1 << KIND_BITS) - 1)) !== SENT || endpoint.released) return
    endpoint.sentAtExit(result)
  }

  /** The kernel has refused the engine for good: its descriptor was closed, or a filter forbids the call since. */
  #break(error: SocketError): void {
    broken.push(this)
    for (const endpoint of this.#slots) {
      if (endpoint === null) continue
      this.part(endpoint)
      this.libc.close(endpoint.fd)
      endpoint.released = true
      setImmediate(() => endpoint.broken(error))
    }
    this.#close()
    this.#onBroken()
  }

  /** Nothing may be open. */
  close(): void {
    if (this.#state === 'running') this.#close()
  }

  #close(): void {
    this.#state = 'closed'
    process.removeListener('exit', this.#atExit)
    if (this.#period !== null) clearTimeout(this.#period)
    this.#poll.close()
    this.engine.dispose()
  }
}
