/** What is mounted under a prefix: another site, or any HTTP handler, which sees the path without the prefix. */

import type { Machine } from '../../base/machine.ts'
import type { Exchange, FieldLines, ReplyBody, RequestBody } from '../../http/index.ts'
import type { Address } from '../../socket/address.ts'
import type { Base } from '../routing/route.ts'
import type { Mounted } from './group.ts'

/** @param path within the site that it is mounted in; @param outer the prefix of that site. */
export function handleMounted(exchange: Exchange, path: string, outer: string, mounted: Mounted): void | Promise<void> {
  const whole = outer + mounted.prefix
  // `/blog` is not a page of what is mounted there: relative links on it would lead beside it.
  if (path === mounted.prefix) {
    const location = exchange.query === '' ? `${whole}/` : `${whole}/?${exchange.query}`
    exchange.reply(308, ['Location', location], null)
    return
  }
  const { target } = mounted
  if (typeof target === 'function') return target(new MountedExchange(exchange, whole.length))
  return target.handleUnder(exchange, whole)
}

/** The base of a site's addresses; follows that of the site around it. */
export class SiteBase implements Base {
  #outer: Base | null = null
  #own = ''

  get prefix(): string {
    return this.#outer === null ? '' : this.#outer.prefix + this.#own
  }

  /** @throws Error when the site is mounted somewhere already: its addresses could not be both. */
  mount(outer: Base, prefix: string): void {
    if (this.#outer !== null) throw new Error(`a site is mounted at ${this.prefix} already: make a second one`)
    this.#outer = outer
    this.#own = prefix
  }
}

/** The same exchange with a shorter path. */
class MountedExchange implements Exchange {
  readonly path: string
  readonly #of: Exchange

  constructor(of: Exchange, cut: number) {
    this.#of = of
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
    this.#of.reply(status, fields, body)
  }
  start(status: number, fields: FieldLines): ReplyBody {
    return this.#of.start(status, fields)
  }
  inform(status: number, fields: FieldLines): void {
    this.#of.inform(status, fields)
  }
  abort(): void {
    this.#of.abort()
  }
}
