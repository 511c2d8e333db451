/** Exchanges that change something about another one: a shorter path, more fields, a compressed body. */
import type { Machine } from '../base/machine.ts'
import type { Address } from '../socket/address.ts'
import type { Connection, ConnectionOwner, Security } from '../socket/host.ts'
import type { Exchange, FieldLines, ReplyBody, RequestBody } from './exchange.ts'

/**
 * An exchange that passes everything on to the one it stands for. What is to be different is overridden; what is not
 * overridden goes on working, upgrades too.
 *
 * @example
 * class Timed extends ExchangeDecorator {
 *   override reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void {
 *     this.of.reply(status, [...fields, 'Server-Timing', 'app;dur=1'], body)
 *   }
 * }
 */
export class ExchangeDecorator implements Exchange {
  /** The exchange that this one stands for. */
  protected readonly of: Exchange

  constructor(of: Exchange) {
    this.of = of
  }

  get machine(): Machine {
    return this.of.machine
  }
  get id(): number {
    return this.of.id
  }
  get method(): string {
    return this.of.method
  }
  get target(): string {
    return this.of.target
  }
  get path(): string {
    return this.of.path
  }
  get query(): string {
    return this.of.query
  }
  get version(): string {
    return this.of.version
  }
  get scheme(): 'http' | 'https' {
    return this.of.scheme
  }
  get authority(): string {
    return this.of.authority
  }
  get local(): Address {
    return this.of.local
  }
  get remote(): Address {
    return this.of.remote
  }
  get security(): Security | null {
    return this.of.security
  }
  get protocol(): string | null {
    return this.of.protocol
  }
  get body(): RequestBody {
    return this.of.body
  }
  get signal(): AbortSignal {
    return this.of.signal
  }
  get draining(): AbortSignal {
    return this.of.draining
  }
  get answered(): boolean {
    return this.of.answered
  }
  header(name: string): string | undefined {
    return this.of.header(name)
  }
  fields(): FieldLines {
    return this.of.fields()
  }
  reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void {
    this.of.reply(status, fields, body)
  }
  start(status: number, fields: FieldLines): ReplyBody {
    return this.of.start(status, fields)
  }
  inform(status: number, fields: FieldLines): void {
    this.of.inform(status, fields)
  }
  upgrade(status: 101 | 200, fields: FieldLines, owner: (connection: Connection) => ConnectionOwner): void {
    this.of.upgrade(status, fields, owner)
  }
  abort(): void {
    this.of.abort()
  }
}
