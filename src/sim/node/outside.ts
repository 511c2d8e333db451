/**
 * Work of a program outside of the simulation, which takes real time and no virtual time: jobs of the thread pool (cipher,
 * hash, compression, files, names) and immediates that Node sets inside (TLS and HTTP/2 over a stream).
 */
import { createHook } from 'node:async_hooks'
import { formatDuration, type Nanos } from '../../base/clock.ts'
import { SimError } from '../errors.ts'

// The real ones, whatever stands in their places later.
const [soon, later, now] = [setImmediate, setTimeout, performance.now.bind(performance)]

/** Jobs of these kinds end by themselves. Reads and writes of sockets are not among them: a peer ends those. */
const JOBS = /^(FSREQ\w+|FILEHANDLECLOSEREQ|GET(ADDR|NAME)INFOREQWRAP|QUERYWRAP|[A-Z0-9]+REQUEST)$/
/** Of these, what settles a promise by itself. The others call back, or have been done at once. */
const BY_PROMISE = /^(FSREQPROMISE|FILEHANDLECLOSEREQ)$/

/** After so many turns of the event loop the process sleeps between two looks. */
const BUSY_TURNS = 64

/** A native object of Node behind a job or a compressing stream. */
interface NativeObject {
  /** Set on jobs that call back; those that are done at once have none. */
  readonly ondone?: unknown
  readonly oncomplete?: unknown
  /** Of a compressing stream: hands a piece to the thread pool. */
  write?: (...values: unknown[]) => unknown
}

let watching: OutsideWork | null = null

/** The watch that is kept now; null while nobody wants one. */
export function outsideWork(): OutsideWork | null {
  return watching
}

/** Watches this process for such work until `stop`. One watch at a time. */
export class OutsideWork {
  readonly #limit: Nanos
  /** Jobs that have begun and are not known to be done, by their asynchronous number. */
  readonly #jobs = new Map<number, { readonly kind: string; readonly job: NativeObject }>()
  /** Pieces that compressing streams have in work. */
  readonly #compressing = new Map<number, number>()
  readonly #promises = new Set<Promise<unknown>>()
  readonly #hook = createHook({
    init: (id, kind, _trigger, made) => this.#began(id, kind, made),
    after: (id) => this.#ended(id),
    destroy: (id) => {
      this.#jobs.delete(id)
      this.#compressing.delete(id)
    },
    trackPromises: false,
  })

  /** @param limit real time after which work that does not end is an error */
  constructor(limit: Nanos) {
    this.#limit = limit
    this.#hook.enable()
    watching = this
  }

  stop(): void {
    watching = null
    this.#hook.disable()
    this.#jobs.clear()
    this.#compressing.clear()
  }

  /** A promise that such work settles. */
  track<T>(work: Promise<T>): Promise<T> {
    const done = () => this.#promises.delete(work)
    this.#promises.add(work)
    work.then(done, done)
    return work
  }

  /**
   * Resolves when nothing of the kind is under way.
   * @throws SimError SIM_OUTSIDE when the work does not end
   */
  async settle(): Promise<void> {
    await turn()
    let turns = 0
    let began = 0
    for (let kind = this.#pending(); kind !== null; kind = this.#pending()) {
      if (++turns === BUSY_TURNS) began = now()
      if (turns > BUSY_TURNS && now() - began > this.#limit / 1e6) throw endless(kind, this.#limit)
      if (turns > BUSY_TURNS && kind !== 'Immediate') await new Promise((resolve) => later(resolve, 1))
      else await turn()
    }
  }

  #began(id: number, kind: string, made: object): void {
    if (kind === 'ZLIB') this.#watchWrites(id, made)
    else if (JOBS.test(kind)) this.#jobs.set(id, { kind, job: made })
  }

  #ended(id: number): void {
    this.#jobs.delete(id)
    // The next piece may have been handed over in the call back of this one.
    const pieces = this.#compressing.get(id)
    if (pieces === undefined) return
    if (pieces > 1) this.#compressing.set(id, pieces - 1)
    else this.#compressing.delete(id)
  }

  /** A compressing stream works on each piece from the write to the call back. */
  #watchWrites(id: number, stream: NativeObject): void {
    const write = stream.write
    if (write === undefined) return
    const compressing = this.#compressing
    stream.write = (...values) => {
      compressing.set(id, (compressing.get(id) ?? 0) + 1)
      return Reflect.apply(write, stream, values)
    }
  }

  /** The kind of something that is under way. */
  #pending(): string | null {
    for (const [id, { kind, job }] of this.#jobs) {
      if (BY_PROMISE.test(kind) || typeof job.ondone === 'function' || typeof job.oncomplete === 'function') return kind
      this.#jobs.delete(id)
    }
    if (this.#compressing.size > 0) return 'ZLIB'
    if (this.#promises.size > 0) return 'crypto.subtle'
    return process.getActiveResourcesInfo().includes('Immediate') ? 'Immediate' : null
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    soon(resolve)
  })
}

function endless(kind: string, limit: Nanos): SimError {
  return new SimError(
    'SIM_OUTSIDE',
    `work outside of the simulation (${kind}) has not ended after ${formatDuration(limit)} of real time, and virtual time waits for it: ` +
      'let the program do without that work, or end it before the run',
  )
}
