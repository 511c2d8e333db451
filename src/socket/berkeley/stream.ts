/** SOCK_STREAM: a listening or connected endpoint over a Host. */
import type { Timer } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import { type Address, ipOf, placeOf } from '../address.ts'
import type { Connection, ConnectionOwner, Host, Listener } from '../host.ts'
import type { SocketLimits } from '../limits.ts'
import { ByteQueue } from '../queue.ts'
import { MSG_PEEK, MSG_WAITALL, SHUT_RD, SHUT_RDWR, SHUT_WR } from './constants.ts'
import { closedSocket, type Endpoint, EndpointState, type Message, notSupported } from './endpoint.ts'
import type { NameFamily } from './name.ts'
import { Sending } from './sending.ts'
import { patience, type Timeout, Waiters, Watchers } from './waiting.ts'

type State = 'fresh' | 'connecting' | 'listening' | 'connected'

export class StreamEndpoint extends EndpointState implements Endpoint, ConnectionOwner {
  readonly #host: Host
  readonly #family: NameFamily
  readonly #limits: SocketLimits
  readonly #readers: Waiters
  readonly #sending: Sending
  readonly #readable = new Watchers()
  readonly #writable = new Watchers()
  readonly #received = new ByteQueue()
  #state: State = 'fresh'
  #bound: Address | null = null
  #listener: Listener | null = null
  #backlog = 0
  readonly #waiting: Connection[] = []
  #connection: Connection | null = null
  /** Ends the connect that is under way. */
  #abandon: AbortController | null = null
  /** No more bytes will come: the peer's FIN or the end of the connection. */
  #ended = false
  /** SHUT_RD: nobody waits for bytes any more, but what has come can be read. */
  #deaf = false
  /** No more bytes may go: SHUT_WR. */
  #finished = false
  #paused = false

  constructor(host: Host, family: NameFamily, limits: SocketLimits, connection: Connection | null = null) {
    super()
    this.#host = host
    this.#family = family
    this.#limits = limits
    this.#readers = new Waiters(host)
    this.#sending = new Sending(host, limits.sendPiece)
    if (connection !== null) this.#own(connection)
  }

  get local(): Address | null {
    return this.#connection?.local ?? this.#listener?.local ?? this.#bound
  }

  get remote(): Address | null {
    return this.#connection?.remote ?? null
  }

  get listening(): boolean {
    return this.#state === 'listening'
  }

  // ── opening ────────────────────────────────────────────────────────────────────────────────────────────────────

  async bind(at: Address): Promise<void> {
    this.open('bind')
    if (this.#bound !== null || this.#state !== 'fresh')
      throw new SocketError('EINVAL', 'bind', { ...placeOf(at), hint: 'the socket has an address already' })
    this.#bound = at
  }

  /** A socket that listens already only gets another backlog, as with listen(2). */
  async listen(backlog: number): Promise<void> {
    this.open('listen')
    if (this.#state === 'connecting' || this.#state === 'connected')
      throw new SocketError('EINVAL', 'listen', { hint: `the socket is ${this.#state}` })
    this.#backlog = Math.max(1, backlog)
    if (this.#state === 'listening') return
    const at = this.#bound ?? wildcard(this.#family)
    this.#state = 'listening'
    // As in C: off unless it is asked for. A host's own servers probe.
    const probes = at.path === undefined ? { SO_KEEPALIVE: 0 } : {}
    const options = { backlog, options: { ...probes, ...this.options.settings } }
    let listener: Listener
    try {
      listener = await this.#host.listen(at, (connection) => this.#arrived(connection), options)
    } catch (error) {
      this.#state = 'fresh'
      throw error
    }
    if (this.closed) {
      await listener.close()
      throw closedSocket('listen')
    }
    this.#listener = listener
    this.options.opened(listener)
  }

  /** The queue here is the backlog that the program asked for; past it connections wait in the host. */
  #arrived(connection: Connection): void {
    if (this.closed) {
      connection.reset()
      return
    }
    this.#waiting.push(connection)
    if (this.#waiting.length >= this.#backlog) this.#listener?.pause()
    this.#wakeReaders()
  }

  async accept(timeout: Timeout): Promise<StreamEndpoint> {
    this.open('accept')
    if (this.#state !== 'listening') throw new SocketError('EINVAL', 'accept', { hint: 'call listen first' })
    return await this.#readers.until('accept', timeout, () => {
      this.open('accept')
      const connection = this.#waiting.shift()
      if (connection === undefined) return undefined
      this.#listener?.resume()
      return new StreamEndpoint(this.#host, this.#family, this.#limits, connection)
    })
  }

  async connect(to: Address, timeout: Timeout): Promise<void> {
    this.open('connect')
    const place = placeOf(to)
    if (this.#state === 'connected') throw new SocketError('EISCONN', 'connect', place)
    if (this.#state === 'connecting') throw new SocketError('EALREADY', 'connect', place)
    if (this.#state === 'listening')
      throw new SocketError('EOPNOTSUPP', 'connect', { ...place, hint: 'it is listening' })
    this.#state = 'connecting'
    this.#abandon = new AbortController()
    // Without waiting, the outcome shows in SO_ERROR and in the next call, as with a non-blocking connect(2).
    const opening = this.#establish(to, this.#abandon, timeout === 0 ? null : timeout)
    if (timeout !== 0) return await opening
    opening.catch(() => {})
    throw new SocketError('EINPROGRESS', 'connect', place)
  }

  async #establish(to: Address, abandon: AbortController, timeout: Timeout): Promise<void> {
    const { signal } = abandon
    const timer: Timer = patience(this.#host, 'connect', timeout, (late) => abandon.abort(late))
    try {
      const options = { options: this.options.settings, signal }
      const connection = await this.#host.connect(
        to,
        this.#bound === null ? options : { ...options, from: ipOf(this.#bound, 'connect') },
      )
      if (this.closed) connection.close()
      else this.#own(connection)
    } catch (error) {
      const why = signal.aborted ? signal.reason : error
      this.#state = 'fresh'
      if (why instanceof SocketError && !this.closed) this.options.failed(why)
      this.#wakeReaders()
      this.#sending.fail(this.closed ? closedSocket('send') : notConnected('send'))
      this.#wakeWriters()
      throw why
    } finally {
      timer.cancel()
      this.#abandon = null
    }
    this.open('connect')
  }

  #own(connection: Connection): void {
    this.#connection = connection
    this.#state = 'connected'
    this.options.opened(connection)
    connection.attach(this)
    this.#sending.connected(connection)
    this.#wakeWriters()
  }

  // ── what the connection says ───────────────────────────────────────────────────────────────────────────────────

  onData(bytes: Uint8Array): void {
    this.#received.push(bytes)
    if (this.#received.length >= this.#limits.receiveQueue && !this.#paused) {
      this.#paused = true
      this.#connection?.pause()
    }
    this.#wakeReaders()
  }

  onEnd(): void {
    this.#ended = true
    this.#wakeReaders()
  }

  onDrain(): void {
    this.#sending.drained()
    this.#wakeWriters()
  }

  onClose(error: SocketError | null): void {
    this.#ended = true
    this.#finished = true
    if (error !== null) this.failed(error)
    this.#sending.fail(error ?? pipeBroken())
    this.#wakeReaders()
    this.#wakeWriters()
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────

  async send(bytes: Uint8Array, timeout: Timeout): Promise<number> {
    this.open('send')
    this.throwFailure('send')
    if (this.#finished) throw pipeBroken()
    if (this.#connection === null && this.#state !== 'connecting') throw notConnected('send')
    try {
      return await this.#sending.add(bytes, timeout)
    } catch (error) {
      this.told(error)
      throw error
    }
  }

  async sendall(bytes: Uint8Array, timeout: Timeout): Promise<void> {
    for (let sent = 0; ; ) {
      sent += await this.send(bytes.subarray(sent), timeout)
      if (sent >= bytes.length) return
    }
  }

  async sendto(bytes: Uint8Array, to: Address): Promise<number> {
    throw new SocketError(this.#connection === null ? 'ENOTCONN' : 'EISCONN', 'sendto', {
      ...placeOf(to),
      hint: `a stream has one peer: send ${bytes.length} bytes with send`,
    })
  }

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────

  async recv(size: number, flags: number, timeout: Timeout): Promise<Uint8Array> {
    if ((flags & MSG_WAITALL) !== 0) {
      const bytes = new Uint8Array(size)
      return bytes.subarray(0, await this.recvInto(bytes, flags, timeout))
    }
    const peek = (flags & MSG_PEEK) !== 0
    return await this.#receive(size, timeout, () => (peek ? this.#received.peek(size) : this.#received.take(size)))
  }

  async recvInto(into: Uint8Array, flags: number, timeout: Timeout): Promise<number> {
    const take = (part: Uint8Array) => () => {
      if ((flags & MSG_PEEK) === 0) return this.#received.takeInto(part)
      const bytes = this.#received.peek(part.length)
      part.set(bytes)
      return bytes.length
    }
    let got = await this.#receive(into.length, timeout, take(into))
    if ((flags & MSG_WAITALL) === 0 || (flags & MSG_PEEK) !== 0) return got
    // recv(2): fewer come only where the stream ends or the call is disturbed.
    try {
      while (got > 0 && got < into.length && !(this.#over && this.#received.length === 0)) {
        const part = into.subarray(got)
        got += await this.#receive(part.length, timeout, take(part))
      }
    } catch (error) {
      if (got === 0) throw error
    }
    return got
  }

  async #receive<T>(size: number, timeout: Timeout, take: () => T): Promise<T> {
    return await this.#readers.until('recv', timeout, () => {
      this.open('recv')
      if (!this.#over && this.#connection === null && this.#state !== 'connecting') throw notConnected('recv')
      if (this.#received.length === 0 && size > 0) {
        if (!this.#over) return undefined
        this.throwFailure('recv')
      }
      const taken = take()
      this.#resumeBelow()
      return taken
    })
  }

  /** Nobody needs to wait for bytes: what is there is all there is. */
  get #over(): boolean {
    return this.#ended || this.#deaf || this.hasFailure
  }

  #resumeBelow(): void {
    if (!this.#paused || this.#received.length >= this.#limits.receiveQueue / 2) return
    this.#paused = false
    this.#connection?.resume()
  }

  async recvfrom(size: number, flags: number, timeout: Timeout): Promise<Message> {
    const bytes = await this.recv(size, flags, timeout)
    return { bytes, from: this.#connection!.remote, local: this.#connection!.local, truncated: false, ecn: 0 }
  }

  // ── readiness ──────────────────────────────────────────────────────────────────────────────────────────────────

  readonly #canRead = (): boolean =>
    this.closed || this.#received.length > 0 || this.#waiting.length > 0 || this.#over || this.#state === 'fresh'

  readonly #canWrite = (): boolean =>
    this.closed || this.#finished || this.hasFailure || this.#state === 'fresh' || !this.#sending.busy

  readable(): Promise<void> {
    return this.#readable.until(this.#canRead)
  }

  async writable(): Promise<void> {
    if (this.#state === 'listening') throw notSupported('writable', 'a listening socket sends nothing')
    await this.#writable.until(this.#canWrite)
  }

  #wakeReaders(): void {
    this.#readers.wake()
    this.#readable.wake(this.#canRead)
  }

  #wakeWriters(): void {
    this.#writable.wake(this.#canWrite)
  }

  // ── leaving ────────────────────────────────────────────────────────────────────────────────────────────────────

  shutdown(how: number): void {
    this.open('shutdown')
    if (this.#connection === null) throw notConnected('shutdown')
    if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR)
      throw new SocketError('EINVAL', 'shutdown', { hint: `how is ${how}; use SHUT_RD, SHUT_WR or SHUT_RDWR` })
    if (how !== SHUT_WR) {
      this.#deaf = true
      this.#wakeReaders()
    }
    if (how !== SHUT_RD && !this.#finished) {
      this.#finished = true
      this.#sending.finish()
      this.#connection.end()
      this.#wakeWriters()
    }
  }

  async close(timeout: Timeout): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.#abandon?.abort(closedSocket('connect'))
    for (const connection of this.#waiting.splice(0)) connection.reset()
    const connection = this.#connection
    // Bytes that were received and never read are lost: the peer must learn it (RFC 2525 §2.17).
    const unread = this.#received.length > 0 && !this.#ended
    this.#received.clear()
    this.#sending.finish()
    if (unread) connection?.reset()
    else connection?.close()
    this.#sending.fail(closedSocket('send'))
    this.#wakeReaders()
    this.#wakeWriters()
    await this.#listener?.close()
    if (!unread && timeout !== 0) await this.#gone(connection, timeout)
  }

  /** close(2): what was sent is the kernel's when the call returns. What goes wrong meanwhile is nobody's any more. */
  #gone(connection: Connection | null, timeout: Timeout): Promise<void> {
    if (connection === null) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = patience(this.#host, 'close', timeout, () => resolve())
      const over = (): void => {
        timer.cancel()
        resolve()
      }
      connection.flush().then(over, over)
    })
  }
}

/** @throws SocketError EINVAL: a Unix socket is nowhere until it is bound. */
function wildcard(family: NameFamily): Address {
  if (family === 'unix') throw new SocketError('EINVAL', 'listen', { hint: 'call bind with a path first' })
  return { address: family === 6 ? '::' : '0.0.0.0', port: 0 }
}

function notConnected(syscall: string): SocketError {
  return new SocketError('ENOTCONN', syscall, { hint: 'call connect first' })
}

function pipeBroken(): SocketError {
  return new SocketError('EPIPE', 'send', { hint: 'this side has been shut down' })
}
