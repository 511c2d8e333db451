/** What a server's connection tells the event log. Whoever calls has asked `on` first. */

import type { Machine } from '../../base/machine.ts'
import { formatAddress } from '../../socket/address.ts'
import type { Connection } from '../../socket/host.ts'
import type { HttpFrameEvent, HttpRefusedEvent, HttpResponseEvent } from '../events.ts'
import { linesOf } from '../fields/lines.ts'
import { frameName } from '../h2/codes.ts'
import type { FrameWatch } from '../h2/frame-writer.ts'
import type { Verdict } from '../verdict.ts'
import type { RequestSource } from './sink.ts'

/** What the log is told of an exchange's bodies. */
export interface Counted extends RequestSource {
  readonly requestBytes: number
  readonly responseBytes: number
}

export class Reporter {
  readonly #machine: Machine
  readonly #connection: Connection

  constructor(machine: Machine, connection: Connection) {
    this.#machine = machine
    this.#connection = connection
  }

  get on(): boolean {
    return this.#machine.events.on
  }

  request(request: RequestSource): void {
    const { method, target, version } = request
    const what = { type: 'http.request', method, target, version, fields: request.fields() } as const
    this.#machine.events.emit({ ...what, ...this.#about(request) })
  }

  /** @param head as it was sent. */
  response(request: RequestSource, status: number, head: string): void {
    const what = { type: 'http.response', status, fields: linesOf(head) } as const
    this.#machine.events.emit({ ...what, ...this.#about(request) })
  }

  /** @param fields name, value, name, value; those of the protocol are not for the log. */
  responseFields(request: RequestSource, status: number, sent: readonly string[]): void {
    const fields = sent.slice(sent[0] === ':status' ? 2 : 0)
    this.#machine.events.emit({ type: 'http.response', status, fields, ...this.#about(request) } as HttpResponseEvent)
  }

  /** @param failure '' when the exchange is complete. */
  done(exchange: Counted, failure: string): void {
    const { requestBytes, responseBytes } = exchange
    const what = { type: 'http.done', requestBytes, responseBytes, failure } as const
    this.#machine.events.emit({ ...what, ...this.#about(exchange) })
  }

  refused(verdict: Verdict): void {
    const { clock, name, events } = this.#machine
    const { status } = verdict
    const about = { at: clock.now(), host: name, connection: this.#name() }
    const event: HttpRefusedEvent = { type: 'http.refused', ...about, status, why: verdict.toString() }
    events.emit(event)
  }

  /** What a session tells of its frames. */
  frames(): { received: FrameWatch; sent: FrameWatch } {
    return { received: this.#frame('received'), sent: this.#frame('sent') }
  }

  #frame(direction: 'sent' | 'received'): FrameWatch {
    const { clock, name, events } = this.#machine
    const what = { type: 'http.frame', host: name, side: 'server', direction } as const
    return (type, flags, stream, length) => {
      const about = { at: clock.now(), connection: this.#name(), frame: frameName(type), stream, flags, length }
      events.emit({ ...what, ...about } as HttpFrameEvent)
    }
  }

  #about({ id }: RequestSource) {
    const { clock, name } = this.#machine
    return { at: clock.now(), host: name, side: 'server', exchange: id, connection: this.#name() } as const
  }

  #name(): string {
    return `${formatAddress(this.#connection.remote)}>${formatAddress(this.#connection.local)}`
  }
}
