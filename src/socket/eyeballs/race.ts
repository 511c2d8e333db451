/**
 * Happy Eyeballs, version 2 (RFC 8305), without clock and sockets: answers to lookups and the fate of attempts go in, with
 * the time; which address is to be tried comes out.
 */
import type { Nanos } from '../../base/clock.ts'
import type { Family } from '../address.ts'
import { Waiting } from './order.ts'

/** How patient a race is. */
export interface RaceSettings {
  /** How long an attempt runs before the next address is tried as well (RFC 8305 §5, Connection Attempt Delay). */
  readonly attemptDelay: Nanos
  /** How long the answer with IPv6 addresses is waited for when IPv4's has come first (§3, Resolution Delay). */
  readonly resolutionDelay: Nanos
  /** Addresses that are tried at most. */
  readonly addresses: number
}

export class Race {
  readonly #settings: RaceSettings
  readonly #waiting = new Waiting()
  /** Lookups that have not been answered. */
  readonly #asked: Set<Family>
  /** Attempts that have not ended. */
  #running = 0
  /** From when on the next address may be tried; null until there is one. */
  #from: Nanos | null = null
  #started = false

  /** @param asked the families that are looked up, each answered by itself */
  constructor(asked: readonly Family[], settings: RaceSettings) {
    this.#asked = new Set(asked)
    this.#settings = settings
  }

  /** The lookup of a family has ended, with these addresses or without any. */
  answered(family: Family, addresses: readonly string[], now: Nanos): void {
    this.#asked.delete(family)
    const none = this.#waiting.empty
    this.#waiting.add(addresses, this.#settings.addresses)
    if (this.#started) return // §3: what comes later joins the list
    if (!this.#asked.has(6) || this.#waiting.has(6)) this.#from = now
    else if (none && !this.#waiting.empty) this.#from = now + this.#settings.resolutionDelay
  }

  /** An attempt has failed: the next need not wait (§5). */
  failed(now: Nanos): void {
    this.#running--
    this.#from = now
  }

  /** The address to be tried now, null when none is due. */
  next(now: Nanos): string | null {
    if (this.#waiting.empty || this.#from === null || now < this.#from) return null
    this.#started = true
    this.#running++
    this.#from = now + this.#settings.attemptDelay
    return this.#waiting.take()
  }

  /** When `next` will have an address, as far as time alone decides it. */
  get deadline(): Nanos | null {
    return this.#waiting.empty ? null : this.#from
  }

  /** Nothing is left that could win. */
  get lost(): boolean {
    return this.#running === 0 && this.#waiting.empty && this.#asked.size === 0
  }
}
