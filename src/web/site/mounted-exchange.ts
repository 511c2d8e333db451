/** What a bare handler that is mounted in a site sees of an exchange: a shorter path, and replies that get the site's fields. */

import type { Machine } from '../../base/machine.ts'
import type { Exchange, FieldLines, ReplyBody, RequestBody } from '../../http/index.ts'
import type { Address } from '../../socket/address.ts'

export class MountedExchange implements Exchange {
  readonly path: string
  /** The status that was sent; 0 before. */
  status = 0
  readonly #of: Exchange
  readonly #fields: (given: FieldLines) => FieldLines

  /**
   * @param cut characters of the path that the handler does not see
   * @param fields adds the site's own fields to those of a reply
   */
  constructor(of: Exchange, cut: number, fields: (given: FieldLines) => FieldLines) {
    this.#of = of
    this.#fields = fields
    this.path = of.path.slice(cut)
  }

  get machine(): Machine {
    return this.#of.machine
  }
  get id(): number {
    return this.#of.id
  }
  get method(): string {
    return this.#of.method
  }
  get target(): string {
    return this.query === '' ? this.path : `${this.path}?${this.query}`
  }
  get query(): string {
    return this.#of.query
  }
  get version(): string {
    return this.#of.version
  }
  get scheme(): 'http' | 'https' {
    return this.#of.scheme
  }
  get authority(): string {
    return this.#of.authority
  }
  get local(): Address {
    return this.#of.local
  }
  get remote(): Address {
    return this.#of.remote
  }
  get body(): RequestBody {
    return this.#of.body
  }
  get signal(): AbortSignal {
    return this.#of.signal
  }
  get answered(): boolean {
    return this.#of.answered
  }
  header(name: string): string | undefined {
    return this.#of.header(name)
  }
  fields(): FieldLines {
    return this.#of.fields()
  }
  reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void {
    this.#of.reply(status, this.#fields(fields), body)
    this.status = status
  }
  start(status: number, fields: FieldLines): ReplyBody {
    const body = this.#of.start(status, this.#fields(fields))
    this.status = status
    return body
  }
  inform(status: number, fields: FieldLines): void {
    this.#of.inform(status, fields)
  }
  abort(): void {
    this.#of.abort()
  }
}
