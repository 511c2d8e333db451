/** A client's connection in HTTP/2: as many requests at once as the server takes. */
import type { Nanos } from '../../../base/clock.ts'
import type { SocketError } from '../../../base/errors.ts'
import { formatAddress } from '../../../socket/address.ts'
import type { Connection, ConnectionOwner } from '../../../socket/host.ts'
import { MessageRefused, RequestError } from '../../errors.ts'
import type { AnyHttpEvent } from '../../events.ts'
import type { FieldLines } from '../../exchange.ts'
import { Channel } from '../../h2/channel.ts'
import { Code, codeName, frameName } from '../../h2/codes.ts'
import type { SessionFault } from '../../h2/fault.ts'
import type { FrameWatch } from '../../h2/frame-writer.ts'
import { Session, type SessionOwner } from '../../h2/session.ts'
import type { Stream } from '../../h2/stream.ts'
import { SlabWire } from '../../h2/wire.ts'
import type { HttpLimits } from '../../limits.ts'
import type { OutputOwner } from '../../machine/output.ts'
import { isAlive, type Life, lifeAfter } from '../../machine/state.ts'
import type { Origin } from '../../origin.ts'
import { Verdict } from '../../verdict.ts'
import type { ClientExchange } from '../exchange.ts'
import type { ClientTransport, TransportClient } from '../transport.ts'
import type { ContentTiming } from '../upload.ts'
import { Call, type CallConnection } from './call.ts'

const NEVER = Number.POSITIVE_INFINITY
/** RFC 9113 §6.5.2: what a server should let us have at least, as long as it has not said. */
const FIRST_STREAMS = 100

export class Http2ClientConnection
  implements ConnectionOwner, OutputOwner, ClientTransport, SessionOwner, CallConnection
{
  readonly connection: Connection
  readonly origin: Origin
  readonly limits: HttpLimits
  readonly session: Session
  readonly #client: TransportClient
  readonly #calls = new Map<ClientExchange, Call>()
  #life: Life = 'open'
  #corked = false
  #blocked = false
  #trust: 'fresh' | 'rested' = 'fresh'
  #streams = FIRST_STREAMS
  #deadline: Nanos = NEVER

  constructor(connection: Connection, origin: Origin, client: TransportClient) {
    const { limits, machine, output } = client
    this.connection = connection
    this.origin = origin
    this.limits = limits
    this.#client = client
    const now = () => machine.clock.now()
    const watch = this.#logging ? { received: this.#frames('received'), sent: this.#frames('sent') } : null
    this.session = new Session({ role: 'client', limits, now, watch }, new SlabWire(output, this), this)
    this.session.begin()
  }

  // ClientTransport

  get load(): number {
    return this.session.streams.size
  }

  get multiplexes(): boolean {
    return this.#life === 'open'
  }

  takes(exchange: ClientExchange): boolean {
    if (this.#life !== 'open' || this.load >= this.#streams) return false
    // Whether the server takes an extended CONNECT is known by its SETTINGS (RFC 8441 §3).
    return exchange.request.outgoing.upgrade === undefined || this.session.settingsKnown
  }

  send(exchange: ClientExchange): void {
    const { upgrade } = exchange.request.outgoing
    const stream = this.session.open()
    if (stream === null) {
      this.#stop()
      this.#client.unprocessed(exchange)
      return
    }
    const call = new Call(this, exchange, stream)
    stream.ownedBy(call)
    exchange.begin(call, this.#trust !== 'fresh')
    this.#calls.set(exchange, call)
    if (upgrade !== undefined && !this.session.peer.connectProtocol) {
      this.cancel(exchange, new RequestError('refused', 'the server takes no other protocol over HTTP/2 (RFC 8441)'))
      return
    }
    const fields = call.fields()
    if (this.#logging) {
      const { method, target } = exchange.request
      const regular = fields.slice(upgrade === undefined ? 8 : 10)
      this.#report(exchange, { type: 'http.request', method, target, version: 'HTTP/2', fields: regular })
    }
    call.send(fields)
    this.noteDue(call.due)
    if (exchange.request.closes) this.#stop()
  }

  has(exchange: ClientExchange): boolean {
    return this.#calls.has(exchange)
  }

  cancel(exchange: ClientExchange, error: Error): void {
    const call = this.#calls.get(exchange)
    if (call === undefined) return
    this.#done(exchange, error.message)
    exchange.fail(error)
    this.session.reset(call.stream, Code.cancel)
  }

  rest(): void {
    this.#trust = 'rested'
    this.#arm()
  }

  close(): void {
    if (!isAlive(this.#life)) return
    this.session.leave()
    this.#leave()
    this.#client.output.flush()
    this.connection.close()
  }

  // Deadlined

  get deadline(): Nanos {
    return this.#deadline
  }

  expire(now: Nanos): void {
    this.#deadline = NEVER
    if (this.load === 0) {
      this.close()
      return
    }
    for (const [exchange, call] of [...this.#calls])
      if (call.late(now)) this.cancel(exchange, new RequestError('timeout', lateText(exchange, this.origin.key)))
    this.#arm()
  }

  noteDue(due: Nanos): void {
    if (due >= this.#deadline) return
    this.#deadline = due
    this.#client.noteDeadline(due)
  }

  #arm(): void {
    if (!isAlive(this.#life)) return
    this.#deadline = NEVER
    if (this.load === 0) this.noteDue(this.now() + this.#client.idleTime)
    for (const call of this.#calls.values()) this.noteDue(call.due)
  }

  // ConnectionOwner

  onData(bytes: Uint8Array): void {
    if (!isAlive(this.#life)) return
    this.#corked = true
    this.session.feed(bytes)
    this.#corked = false
    this.#eventEnds()
  }

  onEnd(): void {
    if (!isAlive(this.#life)) return
    this.#life = lifeAfter(this.#life, 'end')
    this.#break(new RequestError('closed', 'the server closed the connection'))
  }

  onDrain(): void {
    this.#blocked = false
    this.session.sender.pump()
  }

  onClose(error: SocketError | null): void {
    this.#leave()
    this.#life = lifeAfter(this.#life, 'gone')
    this.#failAll(error ?? new RequestError('closed', 'the connection was closed before the reply was complete'))
  }

  // OutputOwner

  get corked(): boolean {
    return this.#corked
  }

  get blocked(): boolean {
    return this.#blocked
  }

  transmit(bytes: Uint8Array): void {
    if (this.#life !== 'closed' && !this.connection.write(bytes)) this.#blocked = true
  }

  // SessionOwner

  requested(): void {}

  overlong(): void {}

  over(): void {
    if (!this.#corked) this.#eventEnds()
  }

  leaving(last: number, code: number): void {
    this.#stop()
    const error = new RequestError('closed', `the server is leaving (${codeName(code)})`)
    // RFC 9113 §6.8: those after the last one were not looked at.
    for (const call of [...this.#calls.values()]) if (call.stream.id > last) this.unprocessed(call, error)
    this.#client.free(this)
  }

  told(): void {
    this.#streams = this.session.peer.streams
  }

  failed(fault: SessionFault): void {
    this.#break(new MessageRefused(new Verdict(502, fault.toString(), 0)))
  }

  // For calls

  get timing(): ContentTiming {
    return { clock: this.#client.machine.clock, continueTime: this.#client.continueTime }
  }

  get bodyTime(): Nanos {
    return this.#client.bodyTime
  }

  now(): Nanos {
    return this.#client.machine.clock.now()
  }

  unprocessed(call: Call, error: Error): void {
    const { exchange } = call
    this.#done(exchange, error.message)
    this.session.reset(call.stream, Code.cancel)
    if (!this.#client.unprocessed(exchange)) exchange.fail(error)
  }

  finished(call: Call, failure: string): void {
    this.#done(call.exchange, failure)
  }

  received(call: Call, status: number, fields: FieldLines): void {
    if (this.#logging) this.#report(call.exchange, { type: 'http.response', status, fields })
  }

  channel(stream: Stream): Channel {
    const { local, remote, security } = this.connection
    return new Channel(this.session, stream, { clock: this.#client.machine.clock, local, remote, security })
  }

  // Within

  #eventEnds(): void {
    this.#client.output.flush()
    if (!isAlive(this.#life)) return
    if (this.load === 0) {
      if (this.#life !== 'open') {
        this.close()
        return
      }
      this.#arm()
    }
    this.#client.free(this)
  }

  /** Takes no further requests. */
  #stop(): void {
    if (this.#life === 'open') this.#life = lifeAfter(this.#life, 'stop')
  }

  #leave(): void {
    if (!isAlive(this.#life)) return
    this.#life = lifeAfter(this.#life, 'drop')
    this.#deadline = NEVER
    this.session.close()
    this.#client.gone(this)
  }

  /** Ends the connection: all that is under way fails with `error`. */
  #break(error: Error): void {
    if (!isAlive(this.#life)) return
    this.#leave()
    this.#client.output.flush()
    this.connection.close()
    this.#failAll(error)
  }

  #failAll(error: Error): void {
    const others = new Set(this.session.streams.values())
    for (const [exchange, call] of [...this.#calls]) {
      others.delete(call.stream)
      this.#done(exchange, error.message)
      if (!this.#client.retry(exchange, error)) exchange.fail(error)
    }
    // Streams that were switched to other protocols.
    for (const stream of others) stream.owner?.lost(Code.cancel, error.message, false)
  }

  #done(exchange: ClientExchange, failure: string): void {
    // What has served may have been closed by its server unnoticed, when the next request comes.
    this.#trust = 'rested'
    if (!this.#calls.delete(exchange) || !this.#logging) return
    const responseBytes = exchange.body?.received ?? 0
    this.#report(exchange, { type: 'http.done', requestBytes: exchange.sentBytes, responseBytes, failure })
  }

  get #logging(): boolean {
    return this.#client.machine.events.on
  }

  #frames(direction: 'sent' | 'received'): FrameWatch {
    return (type, flags, stream, length) =>
      this.#emit({ type: 'http.frame', direction, frame: frameName(type), stream, flags, length })
  }

  #report(exchange: ClientExchange, event: Partial<AnyHttpEvent>): void {
    this.#emit({ ...event, exchange: exchange.id } as Partial<AnyHttpEvent>)
  }

  #emit(event: Partial<AnyHttpEvent>): void {
    const { machine } = this.#client
    const connection = `${formatAddress(this.connection.local)}>${formatAddress(this.connection.remote)}`
    machine.events.emit({
      ...event,
      at: machine.clock.now(),
      host: machine.name,
      side: 'client',
      connection,
    } as AnyHttpEvent)
  }
}

function lateText(exchange: ClientExchange, origin: string): string {
  if (exchange.answered) return `no more of the body from ${origin} in time`
  return exchange.sent ? `no reply from ${origin} in time` : `${origin} took no more of the request in time`
}
